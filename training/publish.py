"""Put what a training made into the project: ``python -m training.publish data/training``.

The model goes to ``generation/weights/easel-1``, the judge that measures it to ``judge-1`` there,
what it draws and how well to ``docs/model.md``.
"""

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image

from generation.catalogue.families import BUNDLED, find_card
from generation.catalogue.lexicon import load_lexicon
from training.evaluate import COMMONEST, MOST_SUBJECTS

ROOT: Final = BUNDLED.parents[2]
JUDGE: Final = BUNDLED.with_name("judge-1")
PAGE: Final = ROOT / "docs" / "model.md"

_CONTROLS: Final = {
    "strength": "img2img: from one thing's picture to another thing's prompt, by `--strength`",
    "style": "style reference: its style, and the prompt's thing, by the adapter's scale",
    "content": "content reference: its thing, and the prompt's style, by the adapter's scale",
    "blend": "two content references mixed, by the share of the second",
}

_KNOWN: Final = """\
Its words, in the order in which it saw most of them. What else they are called, in English,
German, Spanish, French, Japanese and Portuguese, stands in [a
table](../generation/catalogue/things.tsv). Every prompt is put into these words before it is
drawn, and the recipe keeps both. What is not among them is left out, and a note says so; of a
prompt in which it knows none of the things, it names the nearest thing that it could draw.

- **Things** ({count}): {things}.
- **Colours**, of things and of plain grounds ("on a blue background"): {colours}.
- **Styles**: {styles}.

It cannot count, and knows no places, doings or moods: of "two cats asleep on a sofa" it draws a
cat. Up to four things stand side by side."""

_PAGE: Final = """\
# The bundled model

{about}

It was made by `training/` ([how](training.md)) and lies in `generation/weights/easel-1` in the
plain layout of diffusers: the code that loads it loads Stable Diffusion. Its licence is CC BY 4.0,
with the credits in [its model card](../generation/weights/easel-1/README.md). Another model is one
setting away ([hosting](hosting.md#4-choose-a-model)).

## What it knows

{known}

## A hundred prompts

None of them was a caption. One picture each, seeds 1 to 100, nothing chosen; what it gets wrong is
here too. `python -m training.pictures`

![A hundred prompts with the picture of each](model/prompts.webp)

## How well it draws what it is asked for

Held-out combinations of thing, style and colour: one in ten is never trained. A network apart
from the model (`generation/weights/judge-1`, never shown those combinations either) names what it
sees. Beside the model stand real pictures of the same combinations, which is the most that can be
reached, and real pictures of others, which is chance. `python -m training.evaluate`

{table}

The aim is 70 % of the things (90 % among five), 80 % of the styles and 80 % of the colours. What is
missing to that is training: things come last, long after colours and grounds, and those that were
seen least come last of all. Of pixel art the autoencoder itself keeps too little: its copies of 8
real drawings are all judged to be of another style; of the other styles, 7 of 8 are judged right.

## How it obeys

The same judge; each curve is a mean over {subjects} subjects, of the {common} things that the
model has seen most: what it cannot draw, no dial can show.

{curves}

## Photographs

What is made from a photograph is drawn by [another small model](photographs.md).
"""


def publish(out: Path) -> None:
    """Copy the model, its judge and its figures into the project.

    Args:
        out: Folder of the training.
    """
    for source, target in ((out / "export", BUNDLED), (out / "judges", JUDGE)):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        _copy(source, target)
    folder = PAGE.with_name("model")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with Image.open(out / "export.png") as sheet:
        sheet.save(folder / "prompts.webp", quality=85)
    for name in _CONTROLS:
        shutil.copy(out / "evaluate" / f"{name}.png", folder / f"{name}.png")
    report = json.loads((out / "evaluate" / "report.json").read_text())
    PAGE.write_text(page(report))


def _copy(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        if path.is_file() and not path.name.startswith(("checkpoint", "loss")):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)


def page(report: Mapping[str, Any]) -> str:
    """The whole of ``docs/model.md``.

    Args:
        report: What ``evaluate`` wrote.
    """
    text = dict(report["text"])
    subjects = max(1, min(MOST_SUBJECTS, text["pictures"] // 20))
    curves = "\n\n".join(_curve(name, about, report[name]) for name, about in _CONTROLS.items())
    return _PAGE.format(
        about=find_card("easel").about,
        known=list_known(),
        table="\n".join(_table(text)),
        subjects=subjects,
        curves=curves,
        common=COMMONEST,
    )


def list_known() -> str:
    """What the model knows, as the page has it."""
    lexicon, styles = load_lexicon(), find_card("easel").taught
    return _KNOWN.format(
        count=len(lexicon.things),
        things=", ".join(lexicon.things),
        colours=", ".join(lexicon.colours),
        styles=", ".join(styles),
    )


def _table(text: Mapping[str, Any]) -> Iterator[str]:
    yield f"| {text['pictures']} pictures | thing | thing among five | style | colour |"
    yield "|---|---|---|---|---|"
    for name, score in text.items():
        if isinstance(score, Mapping):
            shares = " | ".join(f"{100 * value:.1f} %" for value in score.values())
            yield f"| {name} | {shares} |"


def _curve(name: str, about: str, curve: Mapping[str, list[list[float]]]) -> str:
    points = [f"{at:g}" for at, _ in next(iter(curve.values()))]
    lines = [f"### {about[0].upper()}{about[1:]}", "", f"| | {' | '.join(points)} |"]
    lines.append("|---" * (len(points) + 1) + "|")
    for what, values in curve.items():
        lines.append(f"| {what} | {' | '.join(f'{value:.2f}' for _, value in values)} |")
    return "\n".join([*lines, "", f"![{name}](model/{name}.png)"])


def main() -> None:
    """Publish as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    publish(parser.parse_args().out)


if __name__ == "__main__":
    main()
