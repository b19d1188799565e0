"""What a picture was made of and what was made of it, as a tree; and files for paper."""

import io

import pytest
from PIL import Image

from generation.pictures.lineage import SIDE, Node, draw_lineage
from generation.pictures.printing import DENSITY, count_pixels
from playground import Interaction, Message
from tests.journeys.studio import Studio, answer, opened, result, showing

QUICK = "--steps 1"


async def single(studio: Studio, who: str = "mira") -> tuple[Message, Message]:
    press = await studio.playground.command(
        who, "imagine", {"prompt": f"a red apple --seed 7 {QUICK}"}
    )
    grid = await result(press)
    return grid, await result(await studio.playground.press(who, grid, label="U2"))


async def edited(studio: Studio, picture: Message, words: str) -> Message:
    form = await studio.playground.press("mira", picture, label="Edit")
    return await result(await fill(studio, form, prompt=words))


async def fill(studio: Studio, form: Interaction, **values: object) -> Interaction:
    await form.acknowledged()
    return await studio.playground.submit("mira", form, values)


async def test_the_tree_shows_where_a_picture_comes_from_and_leads_there(studio: Studio) -> None:
    grid, picture = await single(studio)
    sepia = await edited(studio, picture, "sepia")
    await edited(studio, sepia, "mirror it")
    await edited(studio, picture, "as pixel art")
    # In private, from whichever picture: under the second the fourth is no child.
    tree = await answer(await studio.playground.press("mira", sepia, label="History"))
    await showing(tree, "**4** ← 3 · mirror it")
    assert tree.ephemeral_to == "mira"
    assert "**2** ← 1 · U2" in tree.content
    assert "pixel art" not in tree.content
    whole = await answer(await studio.playground.select("mira", grid, ["history:0"]))
    await showing(whole, "**5** ← 3 · mirror it")
    assert "**4** ← 2 · as pixel art" in whole.content
    # By its id as well, as a file is named.
    by_id = {"id": grid.attachments[0].filename, "history": True}
    told = await answer(await studio.playground.command("mira", "show", by_id))
    await showing(told, "**5** ← 3 · mirror it")
    assert told.ephemeral_to == "mira"
    shown = await opened(studio.playground, tree)
    assert shown.height > 4 * SIDE
    (menu,) = [part for row in tree.components for part in row["components"]]
    third = menu["options"][2]
    assert third["label"] == "3 · sepia"
    again = await result(await studio.playground.select("mira", tree, [third["value"]]))
    assert "sepia, edited by" in again.content


async def test_nobody_sees_what_others_made_of_a_picture(studio: Studio) -> None:
    # A moderator would see them all.
    _, picture = await single(studio, "otto")
    alone = await answer(await studio.playground.press("mira", picture, label="History"))
    await showing(alone, "made of no other of yours")
    theirs = {"id": picture.attachments[0].filename, "history": True}
    refused = await answer(await studio.playground.command("mira", "show", theirs))
    await showing(refused, "Only the person who asked for this")


@pytest.mark.parametrize("typed", ["5", "5,0 cm"])
async def test_a_file_for_paper_has_the_pixels_of_its_size(studio: Studio, typed: str) -> None:
    _, picture = await single(studio)
    form = await studio.playground.press("mira", picture, label="Print…")
    sent = await answer(await fill(studio, form, length=typed))
    await showing(sent, "591 × 591 px")
    assert sent.ephemeral_to == "mira"
    file = Image.open(io.BytesIO(await studio.playground.read(sent.attachments[0])))
    assert file.size == (count_pixels(5), count_pixels(5))
    assert file.info["dpi"] == (DENSITY, DENSITY)


async def test_a_size_that_is_none_is_refused(studio: Studio) -> None:
    _, picture = await single(studio)
    for typed in ("large", "0", "61"):
        form = await studio.playground.press("mira", picture, label="Print…")
        refused = await answer(await fill(studio, form, length=typed))
        await showing(refused, "from 1 to 60")


async def test_every_picture_has_its_place_and_its_edge() -> None:
    red, blue, green = (Image.new("RGB", (SIDE, SIDE), c) for c in ("red", "blue", "green"))
    tree = draw_lineage(
        [Node(red, "first"), Node(blue, "left " * 40, 0), Node(green, "赤い", 0, chosen=True)]
    )
    colours = {colour for _, colour in tree.getcolors(1 << 24) or ()}
    assert {(255, 0, 0), (0, 0, 255), (0, 128, 0), (240, 178, 50)} <= colours
    assert tree.width > 2 * SIDE
    assert tree.height > 2 * SIDE
