import discord
import pytest

from bot import buttons, messages
from generation.derive import enlarge
from tests.bot.samples import recipe

JOB = "0123456789abcdef" * 2
VIEWS = {
    "while running": lambda: buttons.while_running(JOB),
    "under a grid": lambda: buttons.when_done(JOB, recipe()),
    "under a picture": lambda: buttons.when_done(JOB, enlarge(recipe(), 2)),
    "when stopped": lambda: buttons.when_stopped(JOB),
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
    rows = buttons.when_done(JOB, recipe()).to_components()
    assert [len(row["components"]) for row in rows] == [5, 5]


async def test_every_kind_has_a_heading() -> None:
    for kind in buttons.KINDS.values():
        assert kind.derive is None or kind.action in messages.HEADINGS


async def test_a_press_finds_its_button_again() -> None:
    for button in _buttons(buttons.when_done(JOB, recipe())):
        match = buttons.TEMPLATE.fullmatch(button.custom_id)
        assert match is not None
        again = buttons.JobButton(match["action"], match["job"], int(match["index"]))
        assert again.item.custom_id == button.custom_id
        assert again.item.label == button.item.label


def _buttons(view: discord.ui.View) -> list[buttons.JobButton]:
    return [child for child in view.children if isinstance(child, buttons.JobButton)]
