"""Words and flags kept under a name, and what a person prefers."""

import json

import pytest

from storage.decisions.choices import ServerChoices
from tests.bot.live.house import PATIENCE
from tests.journeys.studio import Studio, answer, drawn, refused, result, told

QUICK = "--steps 1"


async def test_a_preset_adds_words_and_flags(studio: Studio) -> None:
    said = await told(
        studio, "mira", "preset save", {"name": "Ink", "text": "ink drawing --ar 3:2"}
    )
    assert "`ink`" in said
    message, recipe = await drawn(studio, f"a cat {QUICK}", preset="ink")
    assert recipe.prompt == "a cat, ink drawing"
    assert "--ar 3:2" in message.content
    _, typed = await drawn(studio, f"a cat --ar 1:1 --preset ink {QUICK}")
    assert (typed.prompt, typed.size.width) == ("a cat, ink drawing", typed.size.height)


async def test_a_presets_words_alone_make_a_prompt(studio: Studio) -> None:
    nothing = await refused(studio, "mira", "imagine", {"prompt": f"--ar 3:2 {QUICK}"})
    assert "Say what to draw" in nothing
    await told(studio, "mira", "preset save", {"name": "ink", "text": "ink drawing of a boat"})
    for options in ({"prompt": f"--preset ink {QUICK}"}, {"prompt": QUICK, "preset": "ink"}):
        _, recipe = await drawn(studio, **options)
        assert recipe.prompt == "ink drawing of a boat"
    assert "no preset `zzz`" in await refused(
        studio, "mira", "imagine", {"prompt": f"--preset zzz {QUICK}"}
    )


async def test_an_unknown_preset_names_the_nearest(studio: Studio) -> None:
    await told(studio, "mira", "preset save", {"name": "ink", "text": "ink drawing"})
    said = await refused(studio, "mira", "imagine", {"prompt": "a cat --preset inks"})
    assert "did you mean `ink`?" in said


async def test_preferences_and_the_usual_preset_add_to_every_prompt(studio: Studio) -> None:
    await told(studio, "mira", "prefer flags", {"new_value": f"{QUICK} --cfg 3"})
    await told(studio, "mira", "prefer suffix", {"new_value": "at night"})
    await told(studio, "mira", "preset save", {"name": "ink", "text": "ink drawing --cfg 5"})
    await told(studio, "mira", "preset use", {"name": "ink"})
    _, recipe = await drawn(studio, "a cat")
    assert (recipe.prompt, recipe.sampling.guidance, recipe.sampling.steps) == (
        "a cat, ink drawing, at night",
        5,
        1,
    )


async def test_a_servers_preset_is_its_managers_and_its_default_for_all(studio: Studio) -> None:
    kept = {"name": "house", "text": f"house style {QUICK}", "whose": "server"}
    assert "Only those who manage" in await refused(studio, "mira", "preset save", kept)
    await told(studio, "otto", "preset save", kept)
    assert "`house`" in await told(studio, "mira", "preset list", {})
    await told(studio, "otto", "preset default", {"name": "house"})
    _, recipe = await drawn(studio, "a cat")
    assert recipe.prompt == "a cat, house style"


async def test_ones_own_presets_are_at_hand_in_direct_messages(studio: Studio) -> None:
    ink = {"name": "ink", "text": f"ink drawing {QUICK}"}
    assert "`ink`" in await told(studio, "mira", "preset save", ink, channel="dm")
    press = await studio.playground.command(
        "mira", "imagine", {"prompt": "a cat", "preset": "ink"}, channel="dm"
    )
    assert "a cat, ink drawing" in (await result(press)).content
    for command, options in (
        ("preset save", {**ink, "whose": "server"}),
        ("preset default", {"name": "ink"}),
        ("preset export", {"whose": "server"}),
    ):
        said = await told(studio, "mira", command, options, channel="dm")
        assert "not a server" in said


async def test_a_role_that_the_managers_name_edits_the_servers_presets(studio: Studio) -> None:
    kept = {"name": "house", "text": f"house style {QUICK}", "whose": "server"}
    everyone = studio.playground.guild
    assert "Only those who manage" in await refused(studio, "mira", "preset save", kept)
    await studio.decide(ServerChoices(editors=(everyone,)))
    said = await told(studio, "mira", "preset save", kept)
    assert "Saved as `house`" in said


async def test_presets_travel_as_a_file(studio: Studio) -> None:
    await told(studio, "mira", "preset save", {"name": "ink", "text": "ink drawing --ar 3:2"})
    press = await studio.playground.command("mira", "preset export", {"whose": "me"})
    message = await answer(press)
    await message.until(lambda now: now.attachments, PATIENCE)
    data = await studio.playground.read(message.attachments[0])
    assert json.loads(data)["presets"] == {"ink": "ink drawing --ar 3:2"}
    await told(studio, "mira", "preset delete", {"name": "ink", "whose": "me"})
    said = await told(
        studio, "mira", "preset import", {"whose": "me"}, files={"file": ("presets.json", data)}
    )
    assert "Saved 1 preset." in said
    assert "ink drawing" in await told(studio, "mira", "preset show", {"name": "ink"})


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("two words", "ink", "no spaces"),
        ("ink", "--ar 3", "ratio"),
        ("ink", "https://a.example/b.png ink", "belong in the prompt"),
        ("ink", "ink --preset other", "`--preset` cannot be saved"),
    ],
)
async def test_what_cannot_be_kept_is_said(
    studio: Studio, name: str, text: str, sentence: str
) -> None:
    assert sentence in await refused(studio, "mira", "preset save", {"name": name, "text": text})


async def test_names_are_completed(studio: Studio) -> None:
    await told(studio, "mira", "preset save", {"name": "ink", "text": "ink drawing"})
    found = await studio.playground.complete("mira", "imagine", {"preset": "in"}, "preset")
    assert "ink" in [choice["value"] for choice in found]


async def test_v_goes_as_far_as_the_person_likes(studio: Studio) -> None:
    await told(studio, "mira", "prefer variability", {"strength": "subtle"})
    grid, _ = await drawn(studio, f"a cat {QUICK}")
    varied = await result(await studio.playground.press("mira", grid, label="V1"))
    assert "Variations (Subtle)" in varied.content


@pytest.mark.parametrize(
    ("typed", "whole"),
    [("a cat --sam", "a cat --sampler"), ("a cat --preset in", "a cat --preset ink")],
)
async def test_the_flag_being_typed_is_completed(studio: Studio, typed: str, whole: str) -> None:
    await told(studio, "mira", "preset save", {"name": "ink", "text": "ink drawing"})
    found = await studio.playground.complete("mira", "imagine", {"prompt": typed}, "prompt")
    assert whole in [choice["value"] for choice in found]
