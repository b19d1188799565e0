"""What /describe says of drawings and photographs that its judge never learnt from.

``python -m benchmarks.describing FOLDER`` fetches into the folder what is not there yet: two sets
of emoji that neither the bundled model nor its judge saw (their licence asks for more than weights
can keep), and the photographs of ``training/guided/photographs.tsv``, of which the judge saw none;
those of scikit-image, by which its rule was chosen, are left out.

Of every drawing of a thing that the judge knows, and of as many of other things, on plain grounds,
smooth and as pixel art and without metadata, it prints how often thing, medium, colour and ground
are right, not said, and wrong, beside the judge's best answers without any rule. Then all that
is said of each photograph, to be held against it by eye. Each table is followed by what was wrong.

``--redraw 0 40`` tells instead of the first forty how often a picture drawn anew from the
description shows the thing and the colour of the label.
"""

import argparse
import io
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import resvg_py
import torch
from PIL import Image

from cli.imagine import plan
from generation.answering.answer import look_at
from generation.catalogue.served import choose_usual, list_served
from generation.guided.dyes import COLOUR_WORDS, colour_shares
from generation.judge import FOLDER, list_views, load_judge, load_labels
from generation.questions.colours import NAMES
from generation.questions.description import Aspect, Description, describe
from generation.questions.measures import measure
from generation.questions.question import Question, Seen
from generation.runtime.render import render
from generation.worker import load_engine
from prompt.describing.targets import HERE, write_offers
from storage.settings import Settings
from training.artwork import pixelate
from training.fetch import fetch_package
from training.guided.photographs import download, list_photographs, read_files
from training.world import common_things

SETS: Final = (("@iconify-json/openmoji", "1.2.29"), ("@iconify-json/emojione-v1", "1.2.3"))
SIDE: Final = 512
GROUNDS: Final = ("white", "black", "sky blue", "beige", "forest green")
"""Grounds that drawings stand on, every second one on the first."""

LEFT_OUT: Final = ("Flags", "Symbols", "People", "Extras", "Smileys")
"""Beginnings of the names of categories that other things are not taken from."""

BASIC: Final[Mapping[str, str]] = {
    "charcoal": "black", "silver": "grey", "crimson": "red", "burgundy": "red", "coral": "red",
    "salmon": "pink", "hot pink": "pink", "magenta": "pink", "amber": "orange", "rust": "brown",
    "terracotta": "brown", "peach": "orange", "chocolate": "brown", "tan": "brown",
    "beige": "white", "cream": "white", "gold": "yellow", "mustard": "yellow", "olive": "green",
    "khaki": "green", "lime": "green", "forest green": "green", "sage": "green", "mint": "green",
    "teal": "green", "turquoise": "blue", "sky blue": "blue", "navy": "blue", "slate": "grey",
    "violet": "purple", "lavender": "purple", "plum": "purple", "indigo": "purple",
}  # fmt: skip
"""The eleven colours of the artwork for the names that are measured."""

NEIGHBOURS: Final = (
    {"red", "brown", "orange"}, {"orange", "yellow", "brown"}, {"red", "pink", "purple"},
    {"blue", "purple"}, {"blue", "green"}, {"grey", "black"}, {"grey", "white"}, {"pink", "orange"},
)  # fmt: skip
"""Colours that people do not tell apart in all of their shades."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing on a plain ground.

    Attributes:
        label: What its set calls it.
        things: What the judge may call it; none where it does not know it.
        media: What it may be said to be made of.
        colours: Those that it has a share in, the largest first.
        ground: Name of the ground's colour.
        picture: The drawing.
    """

    label: str
    things: frozenset[str]
    media: frozenset[str]
    colours: tuple[str, ...]
    ground: str
    picture: Image.Image


def list_drawings(folder: Path, every: int, first: int) -> Iterator[Drawing]:
    """Drawings of known things, and as many of others, in turn smooth and as pixels."""
    known, usual = set(load_labels(FOLDER)["things"]), common_things()
    for package, version in SETS:
        place = folder / package.rpartition("/")[2]
        if not place.exists():
            fetch_package(package, version, place)
        icons = json.loads((place / "icons.json").read_text())
        categories = json.loads((place / "metadata.json").read_text())["categories"]
        other = {
            name
            for category, names in categories.items()
            if not category.startswith(LEFT_OUT)
            for name in names
        }
        named = {name: find_things(name, usual, known) for name in icons["icons"]}
        mine = sorted(name for name in named if named[name])
        others = sorted(name for name in other - set(mine) if name in named)
        others = random.Random(7).sample(others, min(len(mine), len(others)))
        for number, name in enumerate([*mine[first::every], *others[first::every]]):
            ground = GROUNDS[number // 2 % len(GROUNDS)] if number % 2 else GROUNDS[0]
            yield lay(name, named[name], draw(icons, name), ground, pixels=number % 3 == 2)


def find_things(name: str, usual: Mapping[str, str], known: set[str]) -> frozenset[str]:
    """What the judge may call a drawing of a name, by the names of its own artwork."""
    label = name.replace("-", " ")
    said = {usual.get(label, label), usual.get(f"{label} face", label)}
    return frozenset(one for one in said if one in known)


def draw(icons: Mapping[str, Any], name: str) -> Image.Image:
    """A drawing of a set as 128 pixels square with coverage, as its judge's own artwork is."""
    icon = icons["icons"][name]
    across, down = (icon.get(side, icons.get(side, 16)) for side in ("width", "height"))
    box = f"{icon.get('left', 0)} {icon.get('top', 0)} {across} {down}"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{icon["body"]}</svg>'
    drawn = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIDE, height=SIDE))
    with Image.open(io.BytesIO(drawn)) as image:
        return image.convert("RGBA").resize((SIDE, SIDE))


def lay(
    name: str, things: frozenset[str], cut: Image.Image, ground: str, *, pixels: bool
) -> Drawing:
    """A drawing with a margin on a ground, with what may be said of it."""
    small = cut.resize((128, 128), Image.Resampling.LANCZOS)
    shares = measure_colours(small)
    if pixels:
        cut = pixelate(small).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    picture = Image.new("RGB", (SIDE + 128, SIDE + 128), f"#{NAMES[ground]}")
    picture.paste(cut, (64, 64), cut)
    media = frozenset({"pixel art"} if pixels else {"flat"})
    return Drawing(name, things, media, shares, ground, picture)


def measure_colours(cut: Image.Image) -> tuple[str, ...]:
    """Colours with a share in a drawing, by what the judge's artwork was labelled with."""
    pixels = torch.from_numpy(np.asarray(cut).astype("float32") / 255).permute(2, 0, 1)[None]
    (shares,) = colour_shares(pixels[:, :3], pixels[:, 3])
    order = [int(k) for k in shares.argsort(descending=True)]
    return tuple(COLOUR_WORDS[k] for k in order if float(shares[k]) >= 0.15)


def read_picture(picture: Image.Image, word: str = "") -> Description:
    """What /describe tells of a picture without any metadata, where no eye looks.

    Args:
        picture: The picture.
        word: What it shows, as a person says where that is not told.
    """
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    question = Question(kind="describe", measures=measure(picture))
    known = describe(question, look_at(buffer.getvalue()))
    if not (word and known.lacks_subject):
        return known
    return describe(replace(question, word=word), Seen())


def judge_value(said: str, right: bool | None) -> str:
    """In which column what was said belongs."""
    return "unsaid" if not said else "right" if right else "wrong"


def report_drawings(drawings: Sequence[Drawing]) -> None:
    """Prints how often what is said of drawings is right."""
    counts: dict[str, Counter[str]] = {}
    wrong = list[str]()
    began = time.process_time()
    for one in drawings:
        known = read_picture(one.picture)
        kind = "thing that it knows" if one.things else "any other thing"
        for name, said, right in compare(one, known, kind):
            verdict = judge_value(said, right)
            counts.setdefault(name, Counter())[verdict] += 1
            if verdict == "wrong":
                wrong.append(
                    f"{one.label} on {one.ground} ({', '.join(one.media)}): {name}: {said}"
                )
    each = (time.process_time() - began) / len(drawings)
    print(f"{len(drawings)} drawings, {each:.2f} s of a processor each\n")
    print("| | right | not said | wrong | wrong, of all |\n|---|---|---|---|---|")
    for name, found in counts.items():
        whole = found.total()
        shares = (found[verdict] for verdict in ("right", "unsaid", "wrong"))
        print(f"| {name} | {' | '.join(map(str, shares))} | {found['wrong'] / whole:.1%} |")
    print("\nWrong:", *(wrong or ["nothing"]), sep="\n- ")


def compare(one: Drawing, known: Description, kind: str) -> Iterator[tuple[str, str, bool | None]]:
    """Each statement's name, what was said, and whether that is so."""
    thing, medium = (" ".join(known.find(each)) for each in (Aspect.SUBJECT, Aspect.MEDIUM))
    yield kind, thing, thing in one.things
    yield "medium", medium, medium in one.media
    colour = " ".join(known.find(Aspect.COLOUR))
    yield "colour", colour, is_colour(BASIC.get(colour, colour), one.colours)
    ground = " ".join(known.find(Aspect.GROUND))
    yield "ground", ground, ground == one.ground


def is_colour(said: str, seen: Sequence[str]) -> bool:
    """Whether a colour is one of those that have a share in a drawing, or their neighbour."""
    return any(said == one or {said, one} in NEIGHBOURS for one in seen[:2]) or any(
        {said, one} <= near for near in NEIGHBOURS for one in seen[:1]
    )


def report_guesses(drawings: Sequence[Drawing]) -> None:
    """Prints how often the judge's best answers are right, sure of them or not."""
    judge, labels, found = load_judge(FOLDER), load_labels(FOLDER), Counter[str]()
    known = [one for one in drawings if one.things and "pixel art" not in one.media]
    with torch.inference_mode():
        for one in known:
            verdict = judge(list_views(one.picture)[:1])
            found["thing"] += labels["things"][int(verdict.thing.argmax())] in one.things
            found["medium"] += labels["styles"][int(verdict.style.argmax())] in one.media
    shares = ", ".join(f"{name} {count / len(known):.0%}" for name, count in found.items())
    print(f"\nThe judge's best answers to {len(known)} known things, always given: {shares}")


def report_redrawn(drawings: Sequence[Drawing]) -> None:
    """Prints how often pictures drawn from descriptions show the things and colours of labels.

    Where the judge does not tell the thing, the label is what a person answers to the card's
    question; colours, grounds and media are as they were told.
    """
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(_env_file=None, data=Path(place))  # type: ignore[call-arg]
        card = choose_usual(list_served(settings)).card
        engine, found = load_engine(settings), Counter[str]()
        for drawing in drawings:
            known = read_picture(drawing.picture, next(iter(sorted(drawing.things))))
            text = write_offers(known, HERE, card)[0].prompt.text
            recipe = plan(f"{text} --ar 1:1 --seed 7 --batch 1", settings).recipe
            pictures = render(
                engine, recipe, lambda *_: None, read=lambda _: b"", find=lambda _: None
            )
            again = pictures.single[0].convert("RGB")
            best, colours = name_best(again), list_colours(again)
            thing = best in drawing.things
            colour = any(is_colour(each, drawing.colours) for each in colours)
            found.update(thing=thing, colour=colour, both=thing and colour)
            print(f"- {drawing.label}: `{text}` drew {best}, {' and '.join(colours)}", flush=True)
    for name, count in found.items():
        print(f"Drawn again from {len(drawings)} descriptions, label's {name}: {count}")


def list_colours(picture: Image.Image) -> list[str]:
    """The two colours of which a picture has most, beside its ground."""
    measured = measure(picture)
    names = [BASIC.get(one.name, one.name) for one in measured.palette]
    ground = BASIC.get(measured.ground, measured.ground)
    return [name for name in dict.fromkeys(names) if name != ground][:2]


def name_best(picture: Image.Image) -> str:
    """The judge's best answer, sure of it or not."""
    with torch.inference_mode():
        verdict = load_judge(FOLDER)(list_views(picture)[:1])
    return load_labels(FOLDER)["things"][int(verdict.thing.argmax())]


def report_photographs(folder: Path) -> None:
    """Prints all that is said of each photograph."""
    rows = [one for one in list_photographs() if one.package != "scikit-image"]
    print(f"\n{len(rows)} photographs\n")
    for package in sorted({(one.registry, one.package, one.version) for one in rows}):
        mine = {one.file: one for one in rows if one.package == package[1]}
        for file, data in sorted(read_files(download(folder, *package), set(mine))):
            with Image.open(io.BytesIO(data)) as image:
                picture = image.convert("RGB")
            picture.thumbnail((1024, 1024))
            picture.save(folder / f"{mine[file].name}.photograph.webp")
            known = read_picture(picture)
            said = (f"{value.aspect} {', '.join(value.names)}" for value in known.values)
            print(f"- {mine[file].name}: {'; '.join(said)}")


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--every", type=int, default=1, help="leave out all but each of so many drawings"
    )
    parser.add_argument("--first", type=int, default=0, help="number of the first, from 0")
    parser.add_argument(
        "--redraw", type=int, nargs=2, metavar=("FROM", "COUNT"), help="draw these again instead"
    )
    parser.add_argument("--only", choices=("drawings", "guesses", "photographs"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.only == "photographs":
        report_photographs(given.folder)
        return
    listed = list_drawings(given.folder, given.every, given.first)
    if given.redraw:
        first, count = given.redraw
        # No more are drawn than are asked for.
        report_redrawn([*islice((one for one in listed if one.things), first, first + count)])
        return
    drawings = list(listed)
    if given.only != "guesses":
        report_drawings(drawings)
    if given.only != "drawings":
        report_guesses(drawings)
    if not given.only:
        report_photographs(given.folder)


if __name__ == "__main__":
    main()
