"""The guide-driven model's card: what it is, its figures, and every source with its licence."""

import json
import shutil
from pathlib import Path
from typing import Any, Final

from training.credits import credit_lines
from training.guided.photographs import Photograph, list_photographs
from training.plan import Options

_TEXTS: Final = Path(__file__).parents[1] / "licences"

_HOMES: Final = {
    "debian": "https://tracker.debian.org/pkg/{package}",
    "pypi": "https://pypi.org/project/{package}/{version}/",
}

_CARD: Final = """\
---
license: cc-by-4.0
tags: [image-to-image, text-to-image]
---
# Easel's guide-driven model

A small model that gives a photograph another look at any size and ratio{words}. Its looks:
{looks}.

It learnt from classical renderings (filters) of {count} free photographs: what it adds to them is
graded strength, variety from seed to seed, and looks that mix. No filter is used in drawing. How
its files are laid out is told in `generation/guided/checkpoint.py`.

## Trained
{trained}

## Figures
Photographs that were neither trained on nor judged by; the looks are named by a network that learnt
from yet other photographs. "Layout" is the cosine of where edges of which direction lie, "similar"
the structural similarity to the photograph.

{figures}

{drawn}## Made from
Drawings:

{drawings}

Photographs, each cut into views and rendered in every look:

| file | author | licence | package |
|---|---|---|---|
{photographs}

The weights may be used under CC BY 4.0 with these credits. Licence texts of the drawings:
LICENSES.md; of the photographs: {deeds}.
"""


def _deed(licence: str) -> str:
    """Where a Creative Commons licence is published; nothing for what needs none."""
    kind, _, version = licence.rpartition("-")
    if kind == "CC0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if kind == "CC-BY":
        return f"https://creativecommons.org/licenses/by/{version}/"
    return ""


def _photograph_line(photograph: Photograph) -> str:
    name = photograph.file.rsplit("/", 1)[-1]
    home = _HOMES[photograph.registry].format(
        package=photograph.package, version=photograph.version
    )
    package = f"[{photograph.package} {photograph.version}]({home})"
    return f"| {name} | {photograph.author} | {photograph.licence} | {package} |"


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def _figure_lines(report: dict[str, Any]) -> str:
    if not report:
        return "None yet."
    lines = ["| strength | look named right | layout | similar |", "|---|---|---|---|"]
    for strength, row in report["all"].items():
        lines.append(f"| {strength} | {row['named']:.0%} | {row['layout']} | {row['similar']} |")
    lines += ["", f"Of the filters' own pictures, {report['ceiling']['all']:.0%} are named right."]
    return "\n".join(lines)


def _drawn_lines(report: dict[str, Any]) -> str:
    if not report:
        return ""
    lines = ["Prompts of combinations of thing, style and colour that were never trained:", ""]
    for name, values in report["text"].items():
        lines.append(f"- {name}: " + json.dumps(values).strip("{}").replace('"', ""))
    return "\n".join(lines) + "\n\n"


def write_card(given: Options, folder: Path) -> None:
    """Write README.md and the licence texts.

    Args:
        given: Where figures may lie.
        folder: The model's; its config.json is there.
    """
    config = _read(folder / "config.json")
    used = list_photographs("train")
    trained = [
        f"- {stage}: {how['steps']} steps in {how['minutes']} minutes of one thread"
        for stage, how in config.get("trained", {}).items()
    ]
    card = _CARD.format(
        words=", and draws what its words name" if "planner" in config else "",
        looks=", ".join(config["looks"]),
        count=len(used),
        trained="\n".join(trained),
        figures=_figure_lines(_read(given.out / "restyling" / "report.json")),
        drawn=_drawn_lines(_read(given.out / "wording" / "report.json")),
        drawings="\n".join(credit_lines()),
        photographs="\n".join(map(_photograph_line, used)),
        deeds=", ".join(sorted({_deed(p.licence) for p in used} - {""})),
    )
    (folder / "README.md").write_text(card)
    for text in _TEXTS.iterdir():
        shutil.copy(text, folder / text.name)
