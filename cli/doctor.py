"""What ``easel doctor`` looks at, and how to mend what it finds.

Each check is a function from the settings to one finding. Heavy modules are imported inside the
checks that need them, so the command line starts without any.
"""

import asyncio
import importlib.util
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from cli.findings import Finding, State, print_findings
from cli.lora_check import examine_loras
from cli.memory import examine_classifier, examine_eyes, examine_main_memory, examine_memory
from faults import HostError
from storage.settings import Settings, load_settings

if TYPE_CHECKING:
    from generation.catalogue.served import ServedModel

LEAST_PYTHON: Final = (3, 11)
COMFORTABLE_DISK: Final = 5 * 2**30
"""Free bytes below which a larger model and a season of pictures do not fit."""

PORTAL: Final = "https://discord.com/developers/applications"

_API: Final = "https://discord.com"
_PATIENCE: Final = 10.0


app = typer.Typer(rich_markup_mode=None)


@app.command("doctor")
def check_installation() -> None:
    """Check this installation.

    Says how to fix what is wrong, and exits with code 1 if something is.
    """
    settings = load_settings()
    if print_findings((*examine(settings), *asyncio.run(examine_discord(settings)))):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding about this machine, in the order in which one would mend them."""
    for check in CHECKS:
        yield check(settings)
    yield from further_models(settings)
    yield from examine_loras(settings)
    yield from examine_memory(settings)
    yield from examine_eyes(settings)
    yield from examine_main_memory(settings)
    yield from examine_classifier(settings)


def python(_settings: Settings) -> Finding:
    """Whether this Python is new enough."""
    says = f"Python {platform.python_version()} on {platform.system()}"
    if sys.version_info < LEAST_PYTHON:
        return Finding("python", State.FAULT, says, "install Python 3.11 or later")
    return Finding("python", State.OK, says)


def database(settings: Settings) -> Finding:
    """Whether the database can be reached."""
    from sqlalchemy import make_url  # noqa: PLC0415 - heavy
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - heavy

    from storage.database.connect import open_engine  # noqa: PLC0415 - heavy

    url = make_url(settings.database)
    kind = "SQLite" if url.get_backend_name() == "sqlite" else "PostgreSQL"
    # To connect would make the file.
    if kind == "SQLite" and not Path(url.database or "").exists():
        return Finding("database", State.NOTE, "SQLite, made at the first start")
    engine = open_engine(settings.database)
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        mend = "start the server, or correct EASEL_DATABASE_URL"
        says = f"{kind} cannot be reached ({type(error).__name__})"
        return Finding("database", State.FAULT, says, mend)
    finally:
        engine.dispose()
    return Finding("database", State.OK, f"{kind} answers")


def migrations(settings: Settings) -> Finding:
    """Whether the tables are those of this version."""
    from storage.database.connect import DatabaseNotReadyError, require_current  # noqa: PLC0415 - heavy

    try:
        require_current(settings.database)
    except DatabaseNotReadyError as error:
        return Finding("migrations", State.NOTE, str(error), "starting Easel updates them")
    return Finding("migrations", State.OK, "the tables are those of this version")


def disk(settings: Settings) -> Finding:
    """Whether there is room for the database, the pictures and the data folder to grow."""
    from storage.space import has_space, measure_space  # noqa: PLC0415 - heavy

    kept = measure_space(settings)
    free = shutil.disk_usage(_existing(settings.data)).free
    free = free if kept is None else min(free, kept)
    says, mend = f"{free / 2**30:.1f} GiB free", "free some, or point EASEL_DATA at another disk"
    if not has_space(settings):
        says += f", and no jobs are taken below {settings.least_free_mb} MB"
        return Finding("disk", State.FAULT, says, f"{mend}; EASEL_LEAST_FREE_MB is the floor")
    if free < COMFORTABLE_DISK:
        return Finding("disk", State.NOTE, says, f"larger models need more: {mend}")
    return Finding("disk", State.OK, says)


def pictures(settings: Settings) -> Finding:
    """Whether the place where pictures are kept answers."""
    from storage.files import Files, FileStoreError  # noqa: PLC0415 - heavy

    if "://" not in settings.image_store:
        return _in_folder(Path(settings.image_store))
    try:
        # Whether something is there is answered even of a bucket that is not.
        Files.of(settings).probe()
    except (FileStoreError, ValueError) as error:
        mend = "check EASEL_IMAGES and the AWS_ settings"
        says = str(error) if isinstance(error, FileStoreError) else type(error).__name__
        return Finding("pictures", State.FAULT, f"cannot be kept: {says}", mend)
    return Finding("pictures", State.OK, "kept in a bucket, which takes them")


def _in_folder(folder: Path) -> Finding:
    try:
        # To write is the one test that quotas, access lists and read-only mounts do not fool.
        tempfile.TemporaryFile(dir=_existing(folder)).close()
    except OSError as error:
        mend = "let this user write there, or change EASEL_IMAGES"
        return Finding("pictures", State.FAULT, f"{folder}: {error.strerror}", mend)
    return Finding("pictures", State.OK, f"kept in {folder}")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.resolve()
    return folder if folder.exists() else _existing(folder.parent)


def device(settings: Settings) -> Finding:
    """What the worker would compute on."""
    if importlib.util.find_spec("torch") is None:
        mend = "to run a worker here: pip install -e '.[worker]'"
        return Finding("device", State.NOTE, "PyTorch is not installed; enough for a bot", mend)
    import torch  # noqa: PLC0415 - heavy

    from generation.tensors.device_faults import MissingDeviceError, read_device  # noqa: PLC0415
    from generation.tensors.precision import is_bfloat16_quick  # noqa: PLC0415

    wanted = settings.device
    try:
        read_device("cpu" if wanted == "auto" else wanted)
    except MissingDeviceError as error:
        return Finding("device", State.FAULT, str(error), "correct EASEL_DEVICE")
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        mend = "install the GPU's driver and PyTorch for CUDA, or set EASEL_DEVICE=auto"
        return Finding("device", State.FAULT, f"{wanted} is set but PyTorch sees no GPU", mend)
    if torch.cuda.is_available() and wanted != "cpu":
        # The very one that is set: in one machine two may be unlike.
        card = torch.device("cuda" if wanted == "auto" else wanted)
        memory = torch.cuda.get_device_properties(card).total_memory / 2**30
        says = f"{torch.cuda.get_device_name(card)}, {memory:.0f} GiB"
        if is_bfloat16_quick(card):
            return Finding("device", State.OK, says)
        mend = "Stable Diffusion 1.5 and XL draw on it; other families need a newer one"
        return Finding("device", State.NOTE, f"{says}, without bfloat16", mend)
    if torch.backends.mps.is_available() and wanted != "cpu":
        return Finding("device", State.OK, "Apple GPU")
    mend = "larger models need a GPU; docs/hosting.md says how"
    return Finding("device", State.NOTE, "CPU, enough for the bundled model", mend)


def model(settings: Settings) -> Finding:
    """Whether the usual model is whole, and of a known family."""
    if not settings.model and not settings.family:
        from generation.catalogue.families import find_card  # noqa: PLC0415 - heavy

        card = find_card("easel")
        mend = "for real pictures point EASEL_MODEL at a model's file, folder or hub id"
        return Finding("model", State.NOTE, f"{card.model} ({card.title}): {card.about}", mend)
    return next(_look_at_models(settings.model_copy(update={"models": ""}), "EASEL_MODEL"))


def further_models(settings: Settings) -> Iterator[Finding]:
    """Whether each of the models is whole that are served beside the usual one, and what else."""
    if settings.model or settings.models:
        first, *others = _look_at_models(settings, "EASEL_MODELS")
        # Where nothing can be read, there is one finding, and it is of the settings.
        yield from others or ([first] if settings.models else [])


def _look_at_models(settings: Settings, setting: str) -> Iterator[Finding]:
    """A finding for each model that the settings serve; one if they cannot be read."""
    from cli.describe import suggest  # noqa: PLC0415 - heavy
    from generation.catalogue.served import list_passed_over, list_served  # noqa: PLC0415

    try:
        served = list_served(settings)
    except HostError as error:
        mend = f"correct {setting}, or set EASEL_FAMILY; easel models lists the names"
        yield Finding("model", State.FAULT, str(error), mend)
        return
    for place, one in enumerate(served.values()):
        called = f"model {one.card.called}" if place else "model"
        yield _look_at(called, setting, one)
        if says := suggest(one):
            yield Finding(called, State.NOTE, says)
    for entry in (settings.model, *settings.models.split(",")):
        for says in list_passed_over(entry.strip().rpartition("=")[2]):
            yield Finding("model", State.NOTE, f"passed over: {says}")


def _look_at(looked_at: str, setting: str, one: "ServedModel") -> Finding:
    """Whether a checkpoint that a setting names is on this machine, and whole."""
    from cli.checkpoints import find_fault  # noqa: PLC0415 - heavy
    from generation.catalogue.checkpoints import tell_missing  # noqa: PLC0415

    model, name = one.source, f"{one.model} ({one.card.title})"
    if not (says := find_fault(one)):
        return Finding(looked_at, State.OK, f"{name}, on this machine")
    # Of a path its last name alone is said.
    if says == tell_missing(model) and says.startswith(model.partition("@")[0]):
        mend = f"to run a worker here: easel models fetch {model}"
        return Finding(looked_at, State.NOTE, f"{name} is not on this machine", mend)
    mend = f"take another, or fetch it again; {setting} expects a file, a folder with a"
    return Finding(looked_at, State.FAULT, says, f"{mend} model_index.json, or a hub id")


def workers(settings: Settings) -> Finding:
    """Whether a worker gives signs of life, and takes jobs."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - heavy

    from cli.workers import live_workers, troubled_workers  # noqa: PLC0415 - heavy

    try:
        alive, troubled = live_workers(settings), troubled_workers(settings)
    # That the database is away is another finding's to say.
    except SQLAlchemyError:
        alive, troubled = set(), {}
    if not alive:
        return Finding("worker", State.NOTE, "none is running", "easel run, or easel worker")
    says = f"alive: {', '.join(sorted(alive))}"
    if troubled:
        says += "".join(f"; {name} takes no jobs ({why})" for name, why in troubled.items())
        mend = " and ".join(_MENDS[why] for why in sorted(set(troubled.values())))
        return Finding("worker", State.FAULT, says, mend)
    return Finding("worker", State.OK, says)


_MENDS: Final = {
    "device": "look for the GPU's errors (nvidia-smi, dmesg), mend it, then restart the worker",
    "old": "update their machines to this release",
    "store": "see that EASEL_IMAGES can be written to, by the worker as well",
}
"""What to do about each trouble of a worker."""


def page(settings: Settings) -> Finding:
    """Whether the painting page answers at its public address."""
    from urllib.error import URLError  # noqa: PLC0415 - only where it is asked for
    from urllib.request import urlopen  # noqa: PLC0415

    if not settings.painting_page:
        mend = "set EASEL_PUBLIC_URL to let people paint by hand; docs/hosting.md says how"
        says = "none; Vary (Region) offers nine parts of a picture"
        return Finding("painting page", State.NOTE, says, mend)
    try:
        # The settings take http and https alone.
        urlopen(settings.painting_page, timeout=_PATIENCE).close()  # noqa: S310
    except (URLError, TimeoutError, OSError, ValueError) as error:
        # Of an HTTP error its status says more than its class.
        reason = getattr(error, "code", "") or type(error).__name__
        mend = "start the bot, then check the reverse proxy in front of EASEL_PAGE_PORT"
        says = f"no answer at {settings.public_url} ({reason})"
        # A note and no fault: the bot, which serves the page, may just not be running.
        return Finding("painting page", State.NOTE, says, mend)
    return Finding("painting page", State.OK, f"answers at {settings.public_url}")


def gallery(settings: Settings) -> Finding:
    """Whether people can sign in to the gallery."""
    if not settings.public_url or settings.client_secret is None:
        mend = "set EASEL_CLIENT_SECRET to let people see their pictures; docs/hosting.md says how"
        return Finding("gallery", State.NOTE, "none; /show brings pictures back", mend)
    says = f"Discord has to know {settings.sign_in_back} as a redirect"
    return Finding("gallery", State.OK, says)


def access(settings: Settings) -> Finding:
    """Whether it is settled who may have pictures made here."""
    if settings.allowed_servers and settings.direct_messages != "on":
        count = len(settings.allowed_servers)
        named = "1 server" if count == 1 else f"{count} servers"
        return Finding("access", State.OK, f"{named}, and nobody else")
    if settings.allowed_servers:
        says = "an open house: anybody can use this GPU in direct messages"
        return Finding("access", State.NOTE, says, "set EASEL_DIRECT=members")
    direct = ", and anybody in direct messages," if settings.direct_messages == "on" else ""
    says = f"an open house: any server that it is added to{direct} can use this GPU"
    mend = "set EASEL_SERVERS to your servers' ids; docs/hosting.md tells of Public Bot, too"
    return Finding("access", State.NOTE, says, mend)


CHECKS: Final[tuple[Callable[[Settings], Finding], ...]] = (
    python,
    disk,
    database,
    migrations,
    pictures,
    device,
    model,
    workers,
    page,
    gallery,
    access,
)


async def examine_discord(settings: Settings) -> list[Finding]:
    """The findings about Discord: the token, the intents, and how interactions arrive."""
    import aiohttp  # noqa: PLC0415 - heavy

    if settings.discord_token is None:
        mend = f"for real Discord make a bot at {PORTAL} and put DISCORD_TOKEN=… into .env"
        return [Finding("token", State.NOTE, "none; easel play needs none", mend)]
    try:
        async with aiohttp.ClientSession(
            base_url=f"{settings.discord or _API}/api/v10/",
            headers={"Authorization": f"Bot {settings.discord_token.get_secret_value()}"},
            timeout=aiohttp.ClientTimeout(total=_PATIENCE),
            raise_for_status=True,
            # A host behind a proxy names it in the environment.
            trust_env=True,
        ) as session:
            answers = [await _ask(session, path) for path in _QUESTIONS]
    except aiohttp.ClientResponseError as error:
        return [_refused(error.status)]
    # A ValueError is an answer that is no JSON, such as a proxy's own page.
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        says = f"Discord cannot be asked ({type(error).__name__})"
        return [Finding("token", State.FAULT, says, "check this machine's network")]
    return _of_discord(*answers)


_QUESTIONS: Final = ("users/@me", "applications/@me", "gateway/bot")


async def _ask(session: Any, path: str) -> dict[str, Any]:  # noqa: ANN401 - aiohttp loads late
    async with session.get(path) as response:
        answer: dict[str, Any] = await response.json()
    return answer


def _refused(status: int) -> Finding:
    if status == 401:
        mend = f"press Reset Token at {PORTAL} and put the new one into .env"
        return Finding("token", State.FAULT, "Discord refuses it", mend)
    says = f"Discord answers {status}"
    return Finding("token", State.FAULT, says, "try again in a few minutes")


def _of_discord(
    me: dict[str, Any], application: dict[str, Any], gateway: dict[str, Any]
) -> list[Finding]:
    found = [Finding("token", State.OK, f"valid, of the bot {me.get('username')}")]
    # Discord lets a bot log in a thousand times a day, and resets the token of one that does more.
    starts = gateway.get("session_start_limit", {})
    if starts.get("remaining", 1) < 1:
        # Discord gives milliseconds.
        wait = starts.get("reset_after", 0) / 3_600_000
        mend = f"wait {wait:.1f} hours, and see in the log why it logged in so often"
        found.append(Finding("intents", State.FAULT, "no logins are left for today", mend))
    else:
        found.append(
            Finding("intents", State.OK, "none is privileged, so there is nothing to switch on")
        )
    if application.get("bot_public"):
        mend = f"clear Public Bot under Bot at {PORTAL}, unless strangers may add it"
        found.append(Finding("public bot", State.NOTE, "anybody can add it to their server", mend))
    # Where one is set, no interaction comes over the gateway, and the bot hears nothing.
    if application.get("interactions_endpoint_url"):
        mend = f"clear Interactions Endpoint URL under General Information at {PORTAL}"
        says = "Discord sends them to a web address instead of to the bot"
        found.append(Finding("interactions", State.FAULT, says, mend))
    return found
