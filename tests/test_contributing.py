"""CONTRIBUTING says truly which files adding something touches: counted on what is there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.components.buttons import KINDS
from bot.text.languages import COMMAND, LANGUAGES, catalogue
from bot.text.sentences import HEADINGS
from generation.catalogue.card import SAMPLERS
from generation.catalogue.families import CARDS
from prompt.flags import table
from storage.settings import Settings

ROOT = Path(__file__).parents[1]
PRODUCT = ("bot", "cli", "commands", "generation", "prompt", "storage")
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (
        *(path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")),
        ROOT / "docs" / "flags.md",
        ROOT / ".env.example",
    )
}
"""Files of the product, and those that are made of it."""


def row(kind: str) -> tuple[set[str], set[str]]:
    """What CONTRIBUTING says that a kind of thing touches, and what perhaps also."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {kind} \| (.*) \| (.*) \|$", text, re.MULTILINE)
    assert found, kind
    first, second = (
        set(re.findall(r"`([\w./-]+/[\w./-]*|\.env\.example)`", c)) for c in found.groups()
    )
    return first, second


def mentions(pattern: str) -> set[str]:
    """Files with something in them."""
    return {path for path, text in TEXTS.items() if re.search(pattern, text)}


def translated(*texts: str) -> set[str]:
    """Catalogues that have all of the texts."""
    having = [lang for lang in LANGUAGES if all(text in catalogue(lang) for text in texts)]
    return {f"bot/text/locales/{language}.po" for language in having}


def covered(touched: set[str], said: set[str]) -> Iterator[str]:
    """Of what is said, what takes up a touched file; a folder takes up what is below it."""
    return (
        path
        for path in said
        if any(file == path or (path.endswith("/") and file.startswith(path)) for file in touched)
    )


def check(kind: str, touched: set[str]) -> None:
    """Every file that is said is touched, and no other."""
    said, perhaps = row(kind)
    assert set(covered(touched, said)) == said, f"said of a {kind}, but not touched"
    left = {file for file in touched if not any(True for _ in covered({file}, said | perhaps))}
    assert left == set(), f"touched by a {kind}, but not said"


def flag_files(name: str) -> set[str]:
    flag = table.BY_NAME[name]
    constant = next(key for key, value in vars(table).items() if value is flag)
    made = {path for path in mentions(f"`--{name}[`, ]") if path.endswith(".md")}
    return mentions(rf"\b{constant}\b|\"{name}\"") | made | translated(flag.about)


def button_files(action: str) -> set[str]:
    kind = KINDS[action]
    source = TEXTS["bot/components/buttons.py"]
    function = re.search(rf'Kind\("{action}".*?derive\.(\w+)', source, re.DOTALL)
    assert function
    label = kind.label or ""
    assert label
    return mentions(rf'"{action}"|\bdef {function[1]}\b') | translated(label, HEADINGS[action])


def sampler_files(name: str) -> set[str]:
    return mentions(rf"[\"`]{re.escape(name)}[\"`]|\b{re.escape(name)}\b")


def command_files(name: str) -> set[str]:
    named = {
        f"bot/text/locales/{lang}.po" for lang in LANGUAGES if COMMAND + name in catalogue(lang)
    }
    return mentions(rf'command\([^)]*name="{name}"') | named


def family_files(id_: str) -> set[str]:
    about = next(card.about for card in CARDS if card.id == id_)
    return mentions(rf"\b{id_}\b|\b{id_.replace('-', '_')}\b") | translated(about)


def setting_files(name: str) -> set[str]:
    assert name in Settings.model_fields
    return mentions(rf"\bsettings\.{name}\b|^    {name}:|EASEL_{name.upper()}\b|(?m:^    {name}:)")


def table_files(name: str) -> set[str]:
    made = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "migrations" / "versions").glob("0*.py")
        if f'"{name}"' in path.read_text(encoding="utf-8")
    }
    return mentions(rf"\"{name}\"") | made


@pytest.mark.parametrize("name", ["exp", "stop", "weird", "raw", "quality"])
def test_a_flag(name: str) -> None:
    check("flag", flag_files(name))


@pytest.mark.parametrize("action", ["far", "near", "vast"])
def test_a_button(action: str) -> None:
    check("button", button_files(action))


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "Euler"])
def test_a_sampler(name: str) -> None:
    check("sampler", sampler_files(name))


@pytest.mark.parametrize("name", ["info", "cancel", "blend"])
def test_a_command(name: str) -> None:
    check("slash command", command_files(name))


@pytest.mark.parametrize("id_", ["z-image", "flux1-dev"])
def test_a_family(id_: str) -> None:
    check("family of models", family_files(id_))


@pytest.mark.parametrize("name", ["open_links", "max_pixels_m", "poll"])
def test_a_setting(name: str) -> None:
    check("setting", setting_files(name))


@pytest.mark.parametrize("name", ["drafts", "favourites"])
def test_a_table(name: str) -> None:
    check("table of the database", table_files(name))
