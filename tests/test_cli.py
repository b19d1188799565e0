import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest
from typer.testing import CliRunner

from cli import app
from cli.imagine import keep, plan
from generation.catalogue.families import EASEL_2
from generation.pictures.metadata import read_recipe
from generation.recipe import Recipe
from prompt.errors import PromptError
from storage.database import connect
from storage.prepare import migrate
from storage.settings import Settings, load_settings
from tests import hostile
from tests.photographs import COFFEE
from tests.prompt.test_embedded import FILES

COMMANDS = [
    "play",
    "run",
    "bot",
    "worker",
    "upgrade",
    "imagine",
    "parse",
    "describe",
    "verify",
    "provenance",
    "doctor",
    "check-live",
    "report",
    "backup",
    "restore",
    "privacy",
    "invite",
    "models",
    "people",
    "cases",
]
ROOT = Path(__file__).parents[1]
SETTINGS = ("DISCORD_TOKEN", "EASEL_", "AWS_")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and no settings but the defaults."""
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder, so that the bundled model is built once."""
    return tmp_path_factory.mktemp("data")


class Answer:
    """What a command answered."""

    def __init__(self, *arguments: str) -> None:
        result = CliRunner().invoke(app.app, arguments)
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception


def process(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own, or ``code`` with the same arguments."""
    return subprocess.run(
        [sys.executable, *(("-c", code) if code else ("-m", "cli")), *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(app.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def test_help_names_every_command() -> None:
    answer = Answer("--help")
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.split("Commands:")[1].splitlines() if line] == (
        COMMANDS
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_that_begins_as_the_list_has_it(command: str) -> None:
    answer = Answer(command, "--help")
    assert answer.code == 0
    assert app.COMMANDS[command].about in answer.out


def test_a_command_that_is_none_is_met_with_the_nearest() -> None:
    answer = Answer("imagin")
    assert (answer.code, "'imagine'" in answer.err) == (2, True)


def test_the_version_is_the_package_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert Answer("--version").out == f"easel {project['project']['version']}\n"


def test_what_a_bot_lacks_is_a_sentence() -> None:
    without = "import sys; sys.modules['torch'] = None; from cli.app import main; main()"
    done = process("imagine", "a red apple", "-o", "apple.png", code=without)
    said = "This needs torch, which a worker's installation has: easel[worker]."
    assert (done.returncode, done.stderr.strip()) == (1, said)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from cli import app; sys.argv = ['easel', '--help']\n"
        "try: app.main()\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(app.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    heavy = {"asyncio", "rich", "pydantic", "sqlalchemy", "discord", "torch", "PIL", "aiohttp"}
    assert not heavy & set(eval(done.stderr))


def test_help_is_quick_beside_an_empty_python() -> None:
    def best(*arguments: str) -> float:
        environment = {**os.environ, "PYTHONPATH": str(Path(app.__file__).parents[1])}
        times = []
        for _ in range(3):
            before = os.times()
            subprocess.run(
                [sys.executable, *arguments], env=environment, check=True, capture_output=True
            )
            after = os.times()
            user, system = (after[k] - before[k] for k in (2, 3))
            times.append(user + system)
        return min(times)

    # Seconds of the processor: 0.3 on an idle machine; a busy one slows an empty one alike.
    assert best("-m", "cli", "--help") < 0.3 + 10 * best("-c", "pass")


def test_parse_prints_the_recipe() -> None:
    answer = Answer("parse", "a red apple --ar 3:2 --seed 7")
    recipe = Recipe.from_json(json.loads(answer.out))
    assert (answer.code, answer.err) == (0, "Each picture will be 640×416.\n")
    assert recipe.prompt == "a red apple"
    assert [noise.seed for noise in recipe.noise] == [7, 8, 9, 10]
    assert recipe.size.width > recipe.size.height


def test_parse_writes_a_prompt_for_another_program() -> None:
    answer = Answer("parse", "a (red:1.2) apple --no fog --chaos 5", "--as", "a1111")
    assert answer.out == "a (red:1.2) apple\nNegative prompt: fog\n"
    assert "AUTOMATIC1111 has nothing for `--chaos 5`" in answer.err


def test_parse_tells_the_prompt_of_a_picture_s_file(tmp_path: Path) -> None:
    theirs, plain = tmp_path / "theirs.jpg", tmp_path / "plain.png"
    theirs.write_bytes(FILES["A1111 JPEG"][0])
    plain.write_bytes(hostile.png(9, 9))
    answer = Answer("parse", "--picture", str(theirs), "--as", "flux")
    assert (answer.code, answer.out[:17]) == (0, "A red car kept. E")
    assert "The file says that AUTOMATIC1111 (dreamy) made it." in answer.err
    assert "FLUX has nothing for" in answer.err
    answer = Answer("parse", "--picture", str(plain))
    assert (answer.code, answer.out) == (2, "")
    assert "plain.png does not say how it was made" in " ".join(answer.err.split())
    assert Answer("parse").code == 2


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("a red apple --sed 7", "--seed"),
        ("a red apple --ar 0:0", "--ar"),
        ("", "Say what to draw"),
        ("word " * 1500, "characters"),
    ],
)
def test_parse_says_in_a_sentence_why_there_is_no_recipe(prompt: str, said: str) -> None:
    answer = Answer("parse", prompt)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_settings_that_cannot_work_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_POLL", "often")
    answer = Answer("parse", "a red apple")
    assert answer.code == 1
    assert answer.err.startswith("EASEL_POLL is not usable")


def test_an_unknown_family_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_FAMILY", "cubism")
    answer = Answer("parse", "a red apple")
    assert (answer.code, answer.out) == (1, "")
    assert "`cubism`" in answer.err


def test_run_without_a_token_says_what_to_do() -> None:
    answer = Answer("run")
    assert answer.code == 1
    assert answer.err.startswith("DISCORD_TOKEN is not set")
    assert len(answer.err.splitlines()) == 1


def test_invite_asks_for_exactly_what_the_bot_needs() -> None:
    answer = Answer("invite", "123456789012345678")
    server, account = (line.strip() for line in answer.out.splitlines() if "https" in line)
    query = parse_qs(urlsplit(server).query)
    wanted = discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        embed_links=True,
        attach_files=True,
        read_message_history=True,
        use_external_emojis=True,
        add_reactions=True,
    )
    assert query["client_id"] == ["123456789012345678"]
    assert query["permissions"] == [str(wanted.value)]
    assert query["scope"] == ["bot applications.commands"]
    assert "permissions" not in parse_qs(urlsplit(account).query)


def test_invite_reads_the_application_from_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "MTIzNDU2Nzg5.Ea5elP.secret")
    answer = Answer("invite")
    assert "client_id=123456789&" in answer.out
    assert "secret" not in answer.out


@pytest.mark.parametrize("token", ["", "nonsense", "€.x.y"])
def test_invite_without_a_usable_token_is_a_sentence(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", token)
    answer = Answer("invite")
    assert (answer.code, answer.out) == (1, "")
    assert len(answer.err.splitlines()) == 1


def test_models_lists_every_family() -> None:
    assert {"easel", "sd15", "sdxl"} <= set(Answer("models").out.split())


def test_models_says_which_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_MODELS", "flux2-klein, photo=acme/photo-xl@3f2a")
    served = Answer("models").out.partition("Served here, the default first:")[2]
    lines = [line.partition(": ") for line in served.strip().splitlines()]
    assert [line.split() for line, _, _ in lines] == [
        ["--model", "easel", "easel-1"],
        *([["--model", "easel2", "easel-2"]] if EASEL_2.is_dir() else []),
        ["--model", "flux2-klein", "flux2-klein"],
        ["--model", "photo", "acme/photo-xl@3f2a"],
    ]
    assert ["models fetch" in lacks for _, _, lacks in lines][-2:] == [True, True]
    monkeypatch.setenv("EASEL_MODELS", "sdlx")
    refused = Answer("models")
    assert (refused.code, "sdxl" in refused.out) == (1, True)
    assert "cannot use `sdlx`" in refused.err


def test_parse_draws_with_the_model_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_MODELS", "flux2-klein, photo=acme/photo-xl@3f2a")
    for flags, drawn in (
        ("", ("easel", "easel-1")),
        ("--model photo", ("sdxl", "acme/photo-xl@3f2a")),
        ("--v 7", ("sdxl", "acme/photo-xl@3f2a")),
        ("--model flux2-klein", ("flux2-klein", "flux2-klein")),
    ):
        recipe = Recipe.from_json(json.loads(Answer("parse", f"a red apple {flags}").out))
        assert (recipe.family, recipe.model) == drawn


def test_imagine_writes_pictures_with_their_recipe(
    folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEL_DATA", str(data))
    answer = Answer("imagine", "a red apple --seed 7 --steps 1 --batch 2", "-o", "apple.png")
    assert (answer.code, answer.out.split()) == (
        0,
        ["apple-1.png", "apple-2.png", "apple.json", "apple.png"],
    )
    recipe = Recipe.from_json(json.loads((folder / "apple.json").read_text()))
    assert read_recipe((folder / "apple.png").read_bytes()) == recipe
    second = read_recipe((folder / "apple-2.png").read_bytes())
    assert second is not None
    assert second.noise == recipe.noise[1:]


def test_imagine_starts_from_a_photograph(
    folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EASEL_DATA", str(data))
    answer = Answer(
        *("imagine", "a bell --seed 1 --steps 2 --iw 2 --batch 1", "-o", "cup.png"),
        *("--image", str(COFFEE.path)),
    )
    assert answer.code == 0
    recipe = Recipe.from_json(json.loads((folder / "cup.json").read_text()))
    assert recipe.inputs.start is not None


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("a red apple", "-o", "apple.jpg"), 2, ".png"),
        (("a red apple --sed 7", "-o", "apple.png"), 2, "--seed"),
        (("a bell", "-o", "cup.png", "--image", "note.txt"), 1, "not an image"),
        (("a bell", "-o", "cup.png", "--image", "missing.png"), 2, "missing.png"),
        (("a bell", "-o", "cup.png", "--image", "."), 2, "is a directory"),
        (("http://127.0.0.1/a.png a bell", "-o", "cup.png"), 1, "private network"),
        (("a bell", "-o", "nowhere/cup.png"), 2, "nowhere cannot be written (No such file"),
        (("a bell", "-o", "taken.png"), 2, "taken.png cannot be written (Is a directory)"),
    ],
)
def test_imagine_says_in_a_sentence_what_is_wrong(
    folder: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    (folder / "note.txt").write_text("words")
    (folder / "taken.png").mkdir()
    answer = Answer("imagine", *arguments)
    assert answer.code == code
    assert said in " ".join(answer.err.split())
    assert [path for path in folder.rglob("*.png") if path.is_file()] == []


def test_what_was_drawn_is_kept_elsewhere_where_the_disk_has_filled_up(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("elsewhere")))
    files = {Path("/dev/full"): b"the grid", folder / "apple.json": b"{}"}
    (grid, recipe) = keep(files)
    assert (grid.read_bytes(), recipe.read_bytes()) == (b"the grid", b"{}")
    assert grid.parent == recipe.parent != folder


def test_the_bot_alone_says_that_it_has_no_token() -> None:
    done = process("bot")
    assert done.returncode == 1
    assert "DISCORD_TOKEN" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_database_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EASEL_DATABASE_URL", "postgresql://easel:secret@127.0.0.1:9/easel")
    monkeypatch.setenv("DISCORD_TOKEN", "MTIzNDU2Nzg5.Ea5elP.secret")
    monkeypatch.setattr(connect, "START_PATIENCE", 0.1)
    answer = Answer("run")
    assert answer.code == 1
    assert answer.err.startswith("The database cannot be reached")
    assert "secret" not in answer.err


def test_the_settings_say_which_family_draws_for_a_version() -> None:
    assert len(plan("owl --v 7", Settings()).notes) == 1
    assert plan("owl --v 7", Settings(versions="7=easel")).notes == ()
    with pytest.raises(PromptError, match="`seven`"):
        plan("owl", Settings(versions="seven"))


def test_where_a_picture_is_from_is_told_without_and_with_a_database(folder: Path) -> None:
    file = folder / "coffee.png"
    file.write_bytes(COFFEE.read())
    told = Answer("verify", str(file))
    assert told.code == 0
    assert told.out.startswith("Nothing tells where this picture is from")
    assert "There is no database here" in told.err
    migrate(load_settings())
    root = folder / "root.pem"
    shown = Answer("provenance", "--root", str(root))
    assert shown.code == 0
    assert "CN=Easel" in shown.out
    assert root.read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE")
    # Whoever asks twice sees the same.
    assert Answer("provenance").out == shown.out
    again = Answer("verify", str(file))
    assert (again.code, again.err) == (0, "")
