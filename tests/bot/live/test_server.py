"""A server's managers say what is allowed; it holds at once, and who did it is kept."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from bot.panels.server import CHANGES_SHOWN
from playground import Message, NotPossibleError
from storage.decisions import choice_queries
from storage.decisions.choices import Change, Limits, ServerChoices
from tests.bot.live.house import House
from tests.journeys.studio import BOT, PATIENCE, Studio, answer, public, refused, result, showing

QUICK = "--steps 1"
MANAGER = 1140000000000000011
"""The role that otto has."""

PANEL = "easel:panel:server"


async def opened(studio: Studio, topic: str = "") -> Message:
    """The panel, with one topic open."""
    message = await answer(await studio.playground.command("otto", "server"))
    await showing(message, "**Channels**")
    assert message.ephemeral_to == "otto"
    return await chosen(studio, message, "open", topic) if topic else message


async def chosen(studio: Studio, panel: Message, what: str, *values: object) -> Message:
    """The panel after values were chosen in one of its menus."""
    press = await studio.playground.select(
        "otto", panel, [str(value) for value in values], custom_id=f"{PANEL}:{what}"
    )
    await press.acknowledged()
    if what == "open":
        await panel.until(lambda now: len(list(now.components)) == 2, PATIENCE)
    return panel


async def filled(studio: Studio, panel: Message, role: int = 0, **numbers: object) -> None:
    """Types numbers into the form of limits, across a restart."""
    what, value = ("role", role) if role else ("open", "limits")
    press = await studio.playground.select("otto", panel, [str(value)], custom_id=f"{PANEL}:{what}")
    await press.acknowledged()
    await studio.end(BOT)
    await studio.start(BOT)
    texts = {field: str(number) for field, number in numbers.items()}
    sent = await studio.playground.submit("otto", press, texts)
    await sent.acknowledged()


async def test_a_channel_is_allowed_and_others_are_refused(studio: Studio) -> None:
    there = studio.playground.channel("art")
    panel = await chosen(studio, await opened(studio, "channels"), "channels", there)
    await showing(panel, f"**Channels** Pictures can be asked for in <#{there}> alone.")
    said = await refused(studio, "mira", "imagine", {"prompt": f"a cat {QUICK}"})
    assert f"<#{there}>" in said
    await showing(await chosen(studio, panel, "channels"), "asked for in every channel")
    await result(await studio.playground.command("mira", "imagine", {"prompt": f"a cat {QUICK}"}))


async def test_the_same_panel_holds_for_two_people_with_different_roles(studio: Studio) -> None:
    await result(await studio.playground.command("mira", "imagine", {"prompt": f"a cat {QUICK}"}))
    panel = await opened(studio)
    await filled(studio, panel, repeat=1, unfinished=10, largest=0, daily=1)
    await showing(panel, "One request makes 1 job at most.")
    panel = await opened(studio, "role")
    await filled(studio, panel, MANAGER, unfinished=10, daily=0)
    allowed = "may have up to 10 unfinished jobs at a time and ask for any number of jobs in 24"
    await showing(panel, f"Members with <@&{MANAGER}> {allowed}")
    said = await refused(studio, "mira", "imagine", {"prompt": f"a {{cat, dog}} {QUICK}"})
    assert "allows 1 per request" in said
    await result(await studio.playground.command("otto", "imagine", {"prompt": f"a cat {QUICK}"}))
    await result(await studio.playground.command("otto", "imagine", {"prompt": f"a cat {QUICK}"}))
    said = await refused(studio, "mira", "imagine", {"prompt": f"a cat {QUICK}"})
    assert "allows 1 job per person" in said
    history = await chosen_changes(studio)
    otto = f"<@{studio.playground.people['otto'].id}>"
    assert f"{otto}: **Limits**\n> now: One request makes 1 job at most." in history
    assert "> before: One request makes up to 10 jobs." in history
    assert f"{otto}: **Limits of a role**\n> now: Members with" in history
    panel = await opened(studio, "role")
    await filled(studio, panel, MANAGER, unfinished=10, daily=1)
    await panel.until(lambda now: f"<@&{MANAGER}>" not in now.content, PATIENCE)


async def test_changes_are_told_in_the_language_of_whoever_reads_them(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, there = studio.playground.people, studio.playground.channel("art")
    panel = await chosen(studio, await opened(studio, "results"), "results", there)
    await showing(panel, f"Pictures appear in <#{there}>")
    history = await chosen_changes(studio)
    assert f"> now: Pictures appear in <#{there}>.\n> before: Pictures appear where" in history
    monkeypatch.setitem(people, "otto", replace(people["otto"], locale="de"))
    panel = await answer(await studio.playground.command("otto", "server"))
    await showing(panel, "**Kanäle**")
    press = await studio.playground.select("otto", panel, ["changes"], custom_id=f"{PANEL}:open")
    await press.acknowledged()
    await showing(panel, f"> jetzt: Bilder erscheinen in <#{there}>.")


async def chosen_changes(studio: Studio) -> str:
    panel = await opened(studio)
    press = await studio.playground.select("otto", panel, ["changes"], custom_id=f"{PANEL}:open")
    await press.acknowledged()
    return (await showing(panel, "now")).content


async def test_a_wrong_number_changes_nothing(studio: Studio) -> None:
    panel = await opened(studio)
    before = panel.content
    await filled(studio, panel, repeat="many", unfinished=10, largest=0, daily=0)
    await studio.playground.message(
        lambda m: m.id > panel.id and "`many` is not a whole number between 1 and 40" in m.content
    )
    assert (await opened(studio)).content == before


@pytest.mark.parametrize(
    ("topic", "value", "sentence"),
    [("families", "sdxl", "allows only `sdxl`"), ("roles", MANAGER, "only members with")],
)
async def test_menus_hold_at_once(studio: Studio, topic: str, value: object, sentence: str) -> None:
    panel = await chosen(studio, await opened(studio, topic), topic, value)
    await panel.until(lambda now: str(value) in now.content, PATIENCE)
    assert sentence in await refused(studio, "mira", "imagine", {"prompt": f"a cat {QUICK}"})


async def test_a_size_is_refused_before_anything_is_queued(studio: Studio) -> None:
    panel = await opened(studio)
    await filled(studio, panel, repeat=10, unfinished=10, largest=511, daily=0)
    await showing(panel, "up to 511 pixels")
    said = await refused(studio, "mira", "imagine", {"prompt": f"a cat {QUICK}"})
    assert "would be 512 pixels, and this server allows 511" in said
    assert len(public(studio.playground, panel.id)) == 1


async def test_pictures_appear_in_the_channel_for_them_in_the_servers_language(
    studio: Studio,
) -> None:
    there = studio.playground.channel("art")
    panel = await chosen(studio, await opened(studio, "results"), "results", there)
    await showing(panel, f"<#{there}>")
    panel = await chosen(studio, await opened(studio, "language"), "language", "de")
    await showing(panel, "one language: German")
    wordy = {"prompt": f"a cat --turbo {QUICK}"}
    press = await studio.playground.command("mira", "imagine", wordy)
    await press.acknowledged()
    said = await studio.playground.message(
        lambda m: m.id > panel.id and m.content == f"Your pictures appear in <#{there}>."
    )
    assert said.ephemeral_to == "mira"
    shown = await studio.playground.message(
        lambda m: m.channel_id == there and m.id > panel.id and "Rezept" in m.buttons, PATIENCE
    )
    assert "—" in shown.content
    note = await studio.playground.message(
        lambda m: m.id > panel.id and m.content.startswith("`--turbo` has no effect here")
    )
    assert note.ephemeral_to == "mira"


async def test_changes_are_read_page_by_page(house: House, studio: Studio) -> None:
    size = 1000 + CHANGES_SHOWN

    def note(connection: Connection) -> None:
        for largest in range(1000, size + 1):
            kept = [json.dumps({"largest": each}) for each in (largest - 1, largest)]
            change = Change(studio.playground.people["otto"].id, "limits", *kept)
            choice_queries.note_change(connection, studio.playground.guild, change)

    await house.jobs.records.write(note)
    panel = await opened(studio)
    press = await studio.playground.select("otto", panel, ["changes"], custom_id=f"{PANEL}:open")
    await press.acknowledged()
    await showing(panel, f"> now: A picture's longest side has up to {size} pixels.")
    assert "Back to the latest" not in panel.buttons
    press = await studio.playground.press("otto", panel, label="Older")
    await press.acknowledged()
    await showing(panel, "> now: A picture's longest side has up to 1000 pixels")
    assert f"up to {size} pixels" not in panel.content
    press = await studio.playground.press("otto", panel, label="Back to the latest")
    await press.acknowledged()
    await showing(panel, f"> now: A picture's longest side has up to {size} pixels.")


async def test_managers_see_what_members_see(studio: Studio) -> None:
    play = studio.playground
    general, art = play.channel("general"), play.channel("art")
    choices = ServerChoices(
        channels=(general,),
        quotas="50 pictures/day",
        limits={MANAGER: Limits(unfinished=3, share=2)},
        refused=("gore",),
    )
    await studio.decide(choices)
    panel = await opened(studio, "members")
    await showing(panel, "What members without a role see")
    for line in (
        f"They may ask in <#{general}>.\n",
        f"Elsewhere they are told:\n> On this server pictures are made in <#{general}>;",
        "They may have up to 10 unfinished jobs at a time, ask for any number of jobs in 24",
        "and make up to 50 pictures a day.",
        "Not drawn: ||gore||",
    ):
        assert line in panel.content, panel.content
    said = await refused(studio, "mira", "imagine", {"prompt": "a cat"}, "art")
    assert f"> {said}" in panel.content
    await chosen(studio, panel, "members", MANAGER)
    await showing(panel, f"What members with <@&{MANAGER}> alone")
    assert "up to 3 unfinished jobs" in panel.content
    assert "2 times the usual share of GPU time" in panel.content
    assert "50 pictures" not in panel.content
    assert "They may change the server's presets." in panel.content
    await studio.decide(ServerChoices(channels=(art,), roles=(MANAGER,)))
    await chosen(studio, panel, "members")
    await showing(panel, "They may not ask for pictures, and are told:\n> On this server only")
    said = await refused(studio, "mira", "imagine", {"prompt": "a cat"}, "art")
    assert f"> {said}" in panel.content


async def test_only_managers_may(studio: Studio) -> None:
    with pytest.raises(NotPossibleError):
        await studio.playground.command("mira", "server")
    with pytest.raises(NotPossibleError):
        await studio.playground.command("otto", "server", channel="dm")
