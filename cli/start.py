"""Starting everything: ``play`` on the stand-in, ``run`` on real Discord."""

import asyncio
import os
import socket
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Final

import aiohttp
import typer
from sqlalchemy.exc import SQLAlchemyError

from cli.gpus import VISIBLE, list_gpus
from cli.launch import Crew, Side
from cli.workers import live_workers
from generation.catalogue.families import find_card
from generation.catalogue.served import list_served
from playground.state.cast import CLIENT_SECRET, GUILD_ID, TOKEN
from storage.prepare import migrate
from storage.settings import GALLERY, Settings, SettingsError, load_settings

Say = Callable[[str], None]
Tell = Callable[[str, str], None]

HOST: Final = "127.0.0.1"
DATABASE: Final = "EASEL_DATABASE_URL"

_NEXT: Final = 20
"""Ports that are tried before any that is free: a person finds the page by one near the usual."""

BOT: Final = Side(name="bot", command=("bot",))
WORKER: Final = Side(name="worker", command=("generation.worker",), drains=True)

app = typer.Typer(rich_markup_mode=None)


@app.command("play")
def start_playing(
    port: Annotated[int, typer.Option(help="Where to serve the page.", max=65535, min=0)] = 8765,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show the logs here as well.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Try it all on a stand-in for Discord.

    It needs no token and no GPU, downloads nothing, and leaves a real installation's data alone.
    """
    asyncio.run(
        play(
            load_settings(),
            port=port,
            say=typer.echo,
            tell=_echo_all if verbose else _echo_own,
            open_page=lambda url: open_page and webbrowser.open(url),
        )
    )


@app.command("run")
def start_running() -> None:
    """Run the bot and a worker for each GPU on real Discord."""
    asyncio.run(run(load_settings(), say=typer.echo, tell=_echo_all))


def _echo_all(name: str, line: str) -> None:
    typer.echo(f"{name:<10} │ {line}")


def _echo_own(name: str, line: str) -> None:
    if name == "easel":
        typer.echo(line)


async def run(settings: Settings, *, say: Say, tell: Tell) -> None:
    """Bot and workers on real Discord, until told to stop.

    Raises:
        SettingsError: There is no token, or not the GPU that a setting names.
        SideFailedError: One of them cannot run.
    """
    if settings.discord_token is None:
        raise SettingsError(
            "DISCORD_TOKEN is not set: put it into .env (docs/hosting.md says where to get it), "
            "or try `easel play`, which needs none."
        )
    workers = list_workers(settings, list_gpus(settings))
    # Before all: no side starts on tables of another version.
    migrate(settings)
    async with Crew(settings.data / "logs", tell) as crew:
        # First, since they take longest: they load models.
        for worker in workers:
            crew.start(worker)
        crew.start(BOT)
        sides = "worker" if len(workers) == 1 else f"{len(workers)} workers"
        say(f"Bot and {sides} are starting; their logs are in {settings.data / 'logs'}.")
        # Less often than the default: each look opens the database.
        if await crew.until(lambda: _has_worker(settings), pause=0.3):
            ready = "The worker is" if len(workers) == 1 else "A worker is"
            say(f"{ready} ready. Ctrl-C stops everything.")
        await crew.until_told()


def list_workers(settings: Settings, gpus: Mapping[int, str]) -> list[Side]:
    """A worker for each GPU, each under a name of its own; one where there are less than two.

    Args:
        settings: As the host set them.
        gpus: What shows a process one GPU alone, by the GPU's number.
    """
    # Where another device is named, no GPU is chosen among.
    if not gpus or (len(gpus) < 2 and settings.gpus == "all"):
        return [WORKER]
    return [
        replace(
            WORKER,
            name=f"worker-{number}",
            role="worker",
            environment={
                VISIBLE: shown,
                # Each sees one GPU, and shall not take a processor in its place.
                "EASEL_DEVICE": "cuda",
                "EASEL_WORKER": settings.name_worker(number),
                **_choose_port(settings, number),
            },
        )
        for number, shown in gpus.items()
    ]


def _choose_port(settings: Settings, number: int) -> dict[str, str]:
    port = settings.worker_metrics_port
    return {"EASEL_WORKER_METRICS_PORT": str(port + number)} if port else {}


async def play(
    settings: Settings, *, port: int, say: Say, tell: Tell, open_page: Callable[[str], object]
) -> None:
    """Stand-in, bot and worker, until told to stop.

    What is played with is kept apart from real data, in ``play`` inside the data folder.

    Args:
        settings: As the host set them; Discord, the token and the places to keep things differ.
        port: Where to serve the page; another one is taken if it is not free.
        say: Given what a person should know.
        tell: Given every side's name and lines.
        open_page: Given the page's address once everything is ready.

    Raises:
        SideFailedError: One of them cannot run.
    """
    chosen = free_port(port)
    if port not in {0, chosen}:
        say(f"Port {port} is taken; using {chosen}.")
    url = f"http://{HOST}:{chosen}"
    settings = playing(settings, url, free_port(chosen + 1))
    say("Starting the playground, the bot and the worker…")
    migrate(settings)
    environment = _environment(settings)
    keep = settings.data / "playground"
    stand_in = ("playground", "--port", str(chosen), "--keep", str(keep))
    async with Crew(settings.data / "logs", tell) as crew, aiohttp.ClientSession(url) as session:
        crew.start(Side(name="playground", command=stand_in, environment=environment, carries=True))
        crew.start(replace(WORKER, environment=environment))
        # Only then the bot: a first login that fails would end the crew.
        await crew.until(lambda: _answers(session))
        crew.start(Side(name="bot", command=BOT.command, environment=environment))
        await crew.until(lambda: _has_bot(session))
        if await crew.until(lambda: _has_worker(settings), pause=0.3):
            say(f"Easel is ready: {url}")
            say(f"Ctrl-C stops it. Logs are in {settings.data / 'logs'}.")
            open_page(url)
        await crew.until_told()


def playing(settings: Settings, url: str, page_port: int) -> Settings:
    """The settings to play with: nothing of a real installation is touched.

    The painting page listens on ``page_port`` of this machine.

    A database named in the environment, rather than in ``.env``, is used on purpose.
    """
    data = (settings.data / "play").resolve()
    database = os.environ.get(DATABASE) or f"sqlite:///{(data / 'easel.db').as_posix()}"
    own = {
        "data": data,
        "database_url": database,
        "images": str(data / "images"),
        "discord": url,
        # The stand-in's server has an id of its own; a bot for all servers stays one.
        "guild": settings.guild and GUILD_ID,
        "public_url": f"http://{HOST}:{page_port}",
        "page_host": HOST,
        "page_port": page_port,
    }
    return settings.model_copy(update=own)


def _environment(settings: Settings) -> dict[str, str]:
    # The sides read settings from the environment, where these go before what `.env` says.
    return {
        "DISCORD_TOKEN": TOKEN,
        "EASEL_DATA": str(settings.data),
        DATABASE: settings.database_url,
        "EASEL_IMAGES": settings.images,
        "EASEL_DISCORD": settings.discord,
        "EASEL_GUILD": str(settings.guild or ""),
        "EASEL_PUBLIC_URL": settings.public_url,
        "EASEL_PAGE_HOST": settings.page_host,
        "EASEL_PAGE_PORT": str(settings.page_port),
        "EASEL_CLIENT_SECRET": CLIENT_SECRET,
        "EASEL_PLAYGROUND_LINK": f"Gallery {settings.public_url}{GALLERY}",
        "EASEL_PLAYGROUND_NOTICE": " ".join(describe_models(settings)),
    }


def describe_models(settings: Settings) -> Iterator[str]:
    """What the page says: what the usual model is, which others there are, how to get a larger."""
    usual, *others = [one.card for one in list_served(settings).values()]
    yield f"{usual.title}. {usual.about}"
    # Their names alone: on a phone every line counts.
    if others:
        yield f"Also here: {', '.join(card.title for card in others)}."
    if usual.id == "easel":
        larger = find_card("sdxl")
        yield f"For everything else, use a GPU and start with EASEL_MODEL={larger.id}."


def free_port(wanted: int) -> int:
    """``wanted`` if nothing listens there, else one of the next that is free; 0 is for any."""
    for port in range(wanted, min(wanted + _NEXT, 2**16)):
        with suppress(OSError):
            return _probe(port)
    return _probe(0)


def _probe(port: int) -> int:
    """A port where nothing listens.

    Raises:
        OSError: It is taken.
    """
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        return int(probe.getsockname()[1])


async def _answers(session: aiohttp.ClientSession) -> bool:
    return await _health(session) is not None


async def _has_bot(session: aiohttp.ClientSession) -> bool:
    health = await _health(session) or {}
    return bool(health.get("ready") and health.get("commands"))


async def _health(session: aiohttp.ClientSession) -> dict[str, object] | None:
    try:
        async with session.get("/playground/health") as response:
            answer: dict[str, object] = await response.json()
    except (aiohttp.ClientError, ValueError):
        return None
    return answer


async def _has_worker(settings: Settings) -> bool:
    try:
        return bool(await asyncio.to_thread(live_workers, settings))
    # Busy, or away for a moment: it is asked again.
    except SQLAlchemyError:
        return False
