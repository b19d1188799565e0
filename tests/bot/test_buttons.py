import discord
import pytest

from bot.components import buttons
from bot.text import sentences
from generation.catalogue.card import Capability
from generation.derive import Parent, enlarge, narrow, show_map, upscale_creatively
from generation.recipe import Recipe, Structure, seed_noise
from tests.bot.samples import recipe
from tests.recipes import change

JOB = "0123456789abcdef" * 2
VIEWS = {
    "while running": lambda: buttons.build_running_view(JOB),
    "under a grid": lambda: buttons.build_done_view(JOB, recipe()),
    "under a picture": lambda: buttons.build_done_view(JOB, enlarge(recipe(width=192), 2)),
    "when stopped": lambda: buttons.build_stopped_view(JOB),
}


@pytest.mark.parametrize("name", VIEWS)
async def test_rows_are_as_discord_wants_them(name: str) -> None:
    view = VIEWS[name]()
    ids = [child.custom_id for child in _buttons(view)]
    assert view.timeout is None
    assert len(set(ids)) == len(ids)
    assert all(len(custom_id) <= 100 for custom_id in ids)
    assert all(buttons.TEMPLATE.fullmatch(custom_id) for custom_id in ids)
    assert len(view.to_components()) <= 5


async def test_labels_of_a_grid() -> None:
    rows = buttons.build_done_view(JOB, recipe()).to_components()
    # The menu takes a row.
    assert [len(row["components"]) for row in rows] == [5, 5, 1]
    assert [one["value"] for one in rows[2]["components"][0]["options"]] == [
        *(f"edit:{k}" for k in range(1, 5)),
        *(f"describe:{k}" for k in range(1, 5)),
        "history:0",
    ]


@pytest.mark.parametrize("count", range(2, 10))
async def test_every_picture_of_a_batch_has_its_buttons(count: int) -> None:
    view = buttons.build_done_view(JOB, recipe(noise=seed_noise(7, count)))
    rows = [row["components"] for row in view.to_components()]
    labels = _labels(recipe(noise=seed_noise(7, count)))
    assert len(rows) <= 5
    assert all(1 <= len(row) <= 5 for row in rows)
    assert [label for label in labels if label[0] == "U"] == [f"U{k + 1}" for k in range(count)]
    assert [label for label in labels if label[0] == "V"] == [f"V{k + 1}" for k in range(count)]
    assert all(buttons.TEMPLATE.fullmatch(b.custom_id) for b in _buttons(view))
    kept = change(
        recipe(noise=seed_noise(7, count)), structure=Structure(kind="scribble", image="ab")
    )
    rows = buttons.build_done_view(JOB, kept).to_components()
    mapped = [one["value"] for one in rows[-1]["components"][0]["options"]].count("map:0")
    assert len(rows) <= 5
    assert ("Control map" in _labels(kept)) + mapped == 1
    varying = buttons.build_view_of(JOB, kept, buttons.VARYING).to_components()
    assert sum(len(row["components"]) for row in varying) == count


async def test_what_is_offered_under_a_single_picture() -> None:
    wide = enlarge(recipe(width=192), 2)
    largest = upscale_creatively(Parent(wide, 0, "ab"), 1)
    assert _labels(wide) == [
        *("Upscale (Subtle)", "Upscale (Creative)", "Upscale 4x (Creative)", "Print…"),
        *("Vary (Subtle)", "Vary (Strong)", "Vary (Region)", "Edit", "🔄"),
        *("Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom", "Make Square", "History"),
        *("⬅️", "➡️", "⬆️", "⬇️", "Describe", "⭐", "Recipe"),
    ]
    assert _labels(narrow(recipe(), 0))[:2] == ["U1", "Upscale (Subtle)"]
    assert "Make Square" not in _labels(enlarge(recipe(), 2))
    for large in (enlarge(wide, 0, 4), largest, change(wide, refinement=0.3)):
        assert not [label for label in _labels(large) if "Upscale" in label]


async def test_a_map_is_offered_of_a_structure_and_nothing_of_a_map() -> None:
    kept = Structure(kind="scribble", image="ab")
    grid = change(recipe(), structure=kept)
    rows = buttons.build_done_view(JOB, grid).to_components()
    assert [len(row["components"]) for row in rows] == [5, 5, 1, 1]
    assert _labels(grid)[-1] == "Control map"
    assert _labels(enlarge(grid, 0))[-1] == "Control map"
    assert _labels(show_map(grid)) == ["Recipe"]


@pytest.mark.parametrize(
    ("titles", "shown"),
    [
        ({"upscale:1", "vary:4"}, {"U1", "V4"}),
        ({"subtle:2", "reroll"}, {"V2", "🔄"}),
        ({"juggle:3", "blend"}, set()),
    ],
)
async def test_pressed_buttons_stand_out(titles: set[str], shown: set[str]) -> None:
    view = buttons.build_done_view(JOB, recipe(), buttons.Marks.read(titles, 0))
    plain = buttons.build_done_view(JOB, recipe())
    found = [b.item for b in _buttons(view) if b.item.style is discord.ButtonStyle.primary]
    assert {item.label or str(item.emoji) for item in found} == shown
    assert [b.custom_id for b in _buttons(view)] == [b.custom_id for b in _buttons(plain)]


async def test_every_refusal_has_its_sentence() -> None:
    needed = {kind.needs for kind in buttons.KINDS.values() if kind.needs}
    needed |= {Capability.BLEND, Capability.STRUCTURE}
    assert needed == sentences.NOT_ABLE.keys()


@pytest.mark.parametrize(
    ("action", "left", "top"),
    [
        ("far", 0.5, 0.5),
        ("near", 0.25, 0.25),
        ("left", 0.5, 0),
        ("up", 0, 0.5),
        ("square", 0, 0.25),
    ],
)
def test_what_is_added_around(action: str, left: float, top: float) -> None:
    derive = buttons.KINDS[action].derive
    assert derive is not None
    made = derive(Parent(recipe(width=192), 0, "ab"), 5)
    assert made.inputs.canvas is not None
    assert (made.inputs.canvas.edges.left, made.inputs.canvas.edges.top) == (left, top)


async def test_every_kind_has_a_heading() -> None:
    for kind in buttons.KINDS.values():
        makes = kind.derive or kind.form
        assert makes is None or kind.action in sentences.HEADINGS


async def test_a_press_finds_its_button_again() -> None:
    for button in _buttons(buttons.build_done_view(JOB, recipe())):
        match = buttons.TEMPLATE.fullmatch(button.custom_id)
        assert match is not None
        again = buttons.JobButton(match["action"], match["job"], int(match["index"]))
        assert again.item.custom_id == button.custom_id
        assert again.item.label == button.item.label


def _buttons(view: discord.ui.View) -> list[buttons.JobButton]:
    return [child for child in view.children if isinstance(child, buttons.JobButton)]


def _labels(of: Recipe) -> list[str]:
    shown = [button.item for button in _buttons(buttons.build_done_view(JOB, of))]
    return [item.label or str(item.emoji) for item in shown]
