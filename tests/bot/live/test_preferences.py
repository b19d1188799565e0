"""The settings panel, flags of a person's own, and private pictures."""

from bot.panels.user import SWITCHES
from playground import Message
from storage.decisions.choices import PersonChoices
from tests.bot.live.house import PATIENCE
from tests.journeys.studio import BOT, FINISHED, Studio, answer, drawn, refused, showing, told

QUICK = "--steps 1"


async def opened(studio: Studio) -> Message:
    message = await answer(await studio.playground.command("mira", "settings"))
    await showing(message, "Your settings")
    assert message.ephemeral_to == "mira"
    return message


async def pressed(studio: Studio, panel: Message, label: str) -> None:
    """Presses a switch and waits until it says the opposite."""
    was = panel.buttons[label]["custom_id"]
    press = await studio.playground.press("mira", panel, label=label)
    await press.acknowledged()
    await panel.until(lambda now: now.buttons[label]["custom_id"] != was, PATIENCE)


async def test_the_panel_sets_flags_and_survives_a_restart(studio: Studio) -> None:
    await studio.prefer("mira", PersonChoices(flags="--v 7"))
    panel = await opened(studio)
    await pressed(studio, panel, "Relaxed speed")
    await studio.end(BOT)
    await studio.start(BOT)
    await studio.playground.select("mira", panel, ["seasel"])
    await showing(panel, "`--model easel --relax`")
    await pressed(studio, panel, "Relaxed speed")
    await showing(panel, "`--model easel`")
    _, recipe = await drawn(studio, f"a cat {QUICK}")
    assert "--model easel" in recipe.parameters
    await studio.playground.select("mira", panel, ["s"])
    await panel.until(lambda now: "--model" not in now.content, PATIENCE)


async def test_switches_show_what_is_on(studio: Studio) -> None:
    panel = await opened(studio)
    for label in ("Remix", "Subtle variations", "Relaxed speed"):
        await pressed(studio, panel, label)
        assert panel.buttons[label]["custom_id"].endswith(":off")
        await pressed(studio, panel, label)
        assert panel.buttons[label]["custom_id"].endswith(":on")


async def test_everything_is_reset_but_what_ones_own_flags_stand_for(studio: Studio) -> None:
    chosen = PersonChoices(
        flags="--model easel",
        suffix="at night",
        options={"mine": f"in snow {QUICK}"},
        remix=True,
        variability="subtle",
        private=True,
    )
    await studio.prefer("mira", chosen)
    panel = await opened(studio)
    assert "at night" in panel.content
    press = await studio.playground.press("mira", panel, label="Reset all")
    await press.acknowledged()
    await panel.until(lambda now: "at night" not in now.content, PATIENCE)
    switches = [each["custom_id"] for each in panel.buttons.values()]
    assert [each.rpartition(":")[2] for each in switches] == [*["on"] * len(SWITCHES), "reset"]
    _, recipe = await drawn(studio, "a cat --mine")
    assert (recipe.prompt, "--model" in recipe.parameters) == ("a cat in snow", False)


async def test_private_pictures_come_as_direct_messages(studio: Studio) -> None:
    panel = await opened(studio)
    await pressed(studio, panel, "Private pictures")
    press = await studio.playground.command("mira", "imagine", {"prompt": f"a cat {QUICK}"})
    await press.acknowledged()
    direct = studio.playground.channel("@mira")
    said = await studio.playground.message(
        lambda m: m.id > panel.id and m.content == "Your pictures come to you as direct messages."
    )
    assert said.ephemeral_to == "mira"
    shown = await studio.playground.message(
        lambda m: m.channel_id == direct and m.id > panel.id and FINISHED in m.content, 60
    )
    assert shown.attachments


async def test_a_flag_of_ones_own_is_written_out(studio: Studio) -> None:
    said = await told(
        studio, "mira", "prefer option set", {"option": "--Mine", "value": f"at night {QUICK}"}
    )
    assert said.startswith("From now on `--mine` stands for")
    _, recipe = await drawn(studio, "a cat --mine")
    assert (recipe.prompt, recipe.sampling.steps) == ("a cat at night", 1)
    assert "`--mine`" in await told(studio, "mira", "prefer option list", {})
    found = await studio.playground.complete(
        "mira", "prefer option set", {"option": "mi"}, "option"
    )
    assert [choice["value"] for choice in found] == ["mine"]
    await told(studio, "mira", "prefer option set", {"option": "mine"})
    assert "`--mine`" in await refused(studio, "mira", "imagine", {"prompt": "a cat --mine"})
    assert "no flags of your own yet" in await told(studio, "mira", "prefer option list", {})


async def test_the_name_of_a_flag_is_taken(studio: Studio) -> None:
    said = await refused(studio, "mira", "prefer option set", {"option": "ar", "value": "ink"})
    assert "`--ar` already has a meaning" in said


async def test_info_tells_how_things_stand(studio: Studio) -> None:
    said = await told(studio, "mira", "info", {})
    assert "**Queue** 0 waiting, 0 running; workers: 1" in said
    assert "**You** 0 of 10 waiting or running" in said
