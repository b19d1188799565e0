"""Several models on one server: members choose, and are told what each can do."""

import json
from collections.abc import AsyncIterator, Awaitable

import pytest
import pytest_asyncio

from generation.catalogue.misplaced import INDEX
from generation.recipe import Recipe
from playground import Interaction, Message
from storage.decisions.choices import PersonChoices, ServerChoices
from tests.bot.live.house import House
from tests.bot.live.test_editing import edit
from tests.journeys.studio import Studio, answer, recipe_of, refusal, result, showing, told
from tests.journeys.test_references import imagine

QUICK = "--steps 1 --batch 1 --seed 7"
KLEIN = "--model flux2-klein"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def serving(
    shared_house: House, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[None]:
    """The bundled model and two checkpoints of FLUX.2 klein, of which a bot reads only the kind."""
    root = tmp_path_factory.mktemp("models")
    for name in ("plain", "other"):
        (root / name).mkdir()
        index = json.dumps({"_class_name": "Flux2KleinPipeline", "is_distilled": True})
        (root / name / INDEX).write_text(index, encoding="utf-8")
    async with shared_house.set_up(models=f"{root / 'plain'}, Paint={root / 'other'}"):
        yield


@pytest.fixture
def gallery(serving: None, studio: Studio) -> Studio:
    """Bot and painter at work with those models; choices are as for somebody new."""
    return studio


async def drawn(studio: Studio, prompt: str, **files: str) -> tuple[Message, Recipe]:
    """A finished picture and its recipe."""
    message = await result(await imagine(studio, f"{prompt} {QUICK}", **files))
    return message, await recipe_of(studio, message)


async def refused(studio: Studio, asking: Awaitable[Interaction]) -> str:
    """The sentence that takes the place of pictures."""
    return (await refusal(studio.playground, await asking)).content


async def test_a_refusal_names_the_model_that_can(gallery: Studio) -> None:
    said = await refused(gallery, imagine(gallery, f"a cat --hd {QUICK}"))
    assert "Easel's bundled model does not support drawing at twice the size" in said
    assert f"`{KLEIN}` can draw this." in said
    assert f"a cat --seed 7 --steps 1 --batch 1 {KLEIN} --hd" in said


async def test_a_model_that_the_server_does_not_allow_is_not_chosen(gallery: Studio) -> None:
    await gallery.decide(ServerChoices(families=("easel", "flux2-klein", "paint")))
    said = await refused(gallery, imagine(gallery, f"make it green --edit {QUICK}", image="red"))
    assert "Easel's bundled model does not support editing by words" in said


async def test_a_preference_chooses_and_what_is_typed_counts_more(gallery: Studio) -> None:
    panel = await answer(await gallery.playground.command("mira", "settings"))
    await showing(panel, "Your settings")
    await gallery.playground.select("mira", panel, ["sflux2-klein"])
    await showing(panel, f"`{KLEIN}`")
    _, recipe = await drawn(gallery, "make it green --edit", image="red")
    assert recipe.family == "flux2-klein"
    _, typed = await drawn(gallery, "a cat --model easel --no fog")
    assert (typed.family, typed.model) == ("easel", "easel-1")


async def test_a_model_that_is_not_served_is_refused(gallery: Studio) -> None:
    said = await refused(gallery, imagine(gallery, f"a cat --model sdxl {QUICK}"))
    assert (
        "`--model sdxl` is not available here: leave it out to draw with Easel's bundled model."
        in said
    )
    said = await refused(gallery, imagine(gallery, f"a cat --model dalle {QUICK}"))
    assert "not `dalle`. Here `--model` may be `easel`, `easel2`, `flux2-klein`, `paint`." in said
    choices = {"prompt": "a cat --model "}
    found = await gallery.playground.complete("mira", "imagine", choices, "prompt")
    names = [choice["value"].rpartition(" ")[2] for choice in found]
    assert names == ["easel", "easel2", "flux2-klein", "paint"]


async def test_a_form_under_pictures_keeps_to_what_drew_them(gallery: Studio) -> None:
    grid, _ = await drawn(gallery, "a cat")
    await gallery.prefer("mira", PersonChoices(remix=True))
    press = await gallery.playground.press("mira", grid, label="🔄")
    await press.acknowledged()
    words = {"prompt": f"a dog {KLEIN} {QUICK}"}
    said = await refused(gallery, gallery.playground.submit("mira", press, words))
    assert "pictures made from these are drawn by Easel's bundled model, as they were" in said


async def test_a_server_allows_some_of_them(gallery: Studio) -> None:
    grid, _ = await drawn(gallery, f"a cat {KLEIN}")
    await gallery.decide(ServerChoices(families=("easel", "paint")))
    said = await refused(gallery, imagine(gallery, f"a cat {KLEIN} {QUICK}"))
    sentence = "This server allows only `easel`, `paint`; the current model is `flux2-klein`."
    assert sentence in said
    said = await refused(gallery, gallery.playground.press("mira", grid, label="🔄"))
    assert sentence in said
    _, recipe = await drawn(gallery, "a cat --model paint")
    assert recipe.model == "other"
    panel = await answer(await gallery.playground.command("mira", "settings"))
    await showing(panel, "Your settings")
    menu = next(c for c in panel.components if "options" in str(c))
    assert "sflux2-klein" not in str(menu)
    assert "spaint" in str(menu)


async def test_info_and_help_list_them(gallery: Studio) -> None:
    listed = (
        "`easel` Easel's bundled model, `easel2` Easel 2, `flux2-klein` FLUX.2 klein, `paint` Paint"
    )
    assert listed in await told(gallery, "mira", "info", {})
    assert listed in await told(gallery, "mira", "help", {"about": "--model"})


async def test_a_model_that_edits_is_told_all_that_is_to_change(gallery: Studio) -> None:
    picture, _ = await drawn(gallery, f"a house {KLEIN}")
    words = "make the roof blue and the walls white"
    made = await edit(gallery, picture, words)
    assert (made.prompt, len(made.inputs.edit), made.inputs.restored) == (words, 1, True)
    again = await edit(gallery, picture, f"brighter, {words}")
    assert again.prompt == "make the roof blue, make the walls white"
    assert again.finishing.retouch
