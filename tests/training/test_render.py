import json
import zipfile
from pathlib import Path

import pytest

from training.artwork import list_drawings, load_drawings
from training.captions import write_captions
from training.labels import codes_by_name, load_labels, name_key, plain_code
from training.plan import SIDE, SIZES, Options
from training.render import render
from training.sharp import load_sharp, render_sharp
from training.sources import LABELS, SOURCES

pytest.importorskip("resvg_py", reason="drawings are rendered with resvg-py")

ROWS = [
    {"hexcode": "1F34E", "label": "red apple", "tags": ["fruit"], "group": 4},
    {"hexcode": "2764-FE0F", "label": "red heart", "tags": ["love"], "group": 0},
    {"hexcode": "1F3FB", "label": "light skin tone", "group": 2},
    {"hexcode": "1F1E6", "label": "regional indicator A"},
    {"hexcode": "1F1FF-1F1E6", "label": "flag: Somewhere", "group": 9},
]
ICONS = {
    "icons": {
        "red-apple": {"body": '<rect width="36" height="36" fill="#f00"/>'},
        "heart": {"body": '<rect width="18" height="36" fill="#00f"/>'},
        "unknown": {"body": ""},
    },
    "width": 36,
    "height": 36,
}


@pytest.fixture
def fetched(tmp_path: Path) -> Options:
    """Packages as they are unpacked, with two drawings each."""
    packages = tmp_path / "packages"
    labels = packages / LABELS[0] / "en"
    (labels / "shortcodes").mkdir(parents=True)
    (labels / "data.json").write_text(json.dumps(ROWS))
    for name in ("github", "iamcal", "joypixels", "emojibase", "cldr"):
        (labels / "shortcodes" / f"{name}.json").write_text(json.dumps({"2764": ["heart"]}))
    for source in SOURCES:
        folder = packages / source.package.rsplit("/", maxsplit=1)[-1]
        folder.mkdir()
        (folder / "icons.json").write_text(json.dumps(ICONS))
    (packages / "twemoji" / "chars.json").write_text(json.dumps({"1f34e": "red-apple"}))
    return Options(out=tmp_path, size=SIZES["tiny"])


@pytest.mark.parametrize(
    ("written", "plain"),
    [("2764-FE0F", "2764"), ("0023-fe0f-20e3", "23-20e3"), ("1F34E", "1f34e")],
)
def test_codes_are_compared_without_their_spelling(written: str, plain: str) -> None:
    assert plain_code(written) == plain


def test_names_are_compared_without_hyphens() -> None:
    assert name_key("Red-Apple") == name_key("red apple")


def test_labels_leave_out_what_is_no_thing(fetched: Options) -> None:
    labels = load_labels(fetched.out / "packages" / LABELS[0])
    assert {label.label for label in labels.values()} == {"red apple", "red heart"}


def test_codes_come_from_tables_labels_and_nicknames(fetched: Options) -> None:
    packages = fetched.out / "packages"
    codes = codes_by_name(packages / LABELS[0], [packages / "twemoji"])
    assert codes["redapple"] == "1f34e"
    assert codes["heart"] == "2764"


def test_sharp_drawings_are_four_times_as_large(fetched: Options) -> None:
    render_sharp(fetched)
    drawings = load_sharp(fetched.pack)
    # the flat ones again as pixel art
    assert set(drawings) == {"3d", "flat", "line art", "pixel art"}
    assert {drawn.shape for drawn in drawings.values()} == {(2, 4, 4 * SIDE, 4 * SIDE)}


def test_a_pack_without_sharp_drawings_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_sharp(tmp_path)


def test_drawings_become_a_pack_that_can_be_read(fetched: Options) -> None:
    render(fetched)
    write_captions(fetched)
    with zipfile.ZipFile(fetched.pack / "noto.zip") as archive:
        assert sorted(archive.namelist()) == ["1f34e.webp", "2764.webp"]
    drawings = [d for d in list_drawings(fetched.pack) if d.style == "noto"]
    assert {d.label for d in drawings} == {"red apple", "red heart"}
    apple, heart = load_drawings(fetched.pack, sorted(drawings, key=lambda d: d.label))
    assert apple[0].min() > 240
    assert heart[3, 64, :60].min() > 250
    assert heart[3, 64, 70:].max() < 5
