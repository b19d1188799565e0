"""What no client of Discord's own would send: values that nothing offers, pictures that are not."""

from typing import Any

import pytest

from playground import Interaction, Message
from playground.state import components
from playground.state.records import InteractionType
from storage.decisions import choice_queries
from storage.decisions.choices import PersonChoices, ServerChoices
from tests.bot.live.house import House

OLD = "comes from another version of me"


def forge(
    house: House, person: str, message: Message, custom_id: str, values: list[str]
) -> Interaction:
    """A menu that was answered with anything."""
    world, who = house.playground.world, house.playground.people[person]
    found = components.find(message._message.components, custom_id)
    assert found is not None
    data = {"custom_id": custom_id, "component_type": found["type"], "values": values}
    channel = world.channels[message._message.channel_id]
    made = world.interact(InteractionType.COMPONENT, who.id, channel, data, message_id=message.id)
    return Interaction(made, house.playground)


async def opened(house: House, topic: str) -> Message:
    """The server's panel with the menu of one topic."""
    asked = await (await house.playground.command("otto", "server")).ended()
    panel = asked.message
    assert panel
    await panel.until(lambda now: "**Channels**" in now.content)
    await house.playground.select("otto", panel, [topic], custom_id="easel:panel:server:open")
    await panel.until(lambda now: len(list(now.components)) == 2)
    return panel


@pytest.mark.parametrize(
    ("topic", "values"),
    [
        ("language", ["../../x"]),
        ("language", ["xx"]),
        ("results", ["4711"]),
        ("results", ["x"]),
        ("results", ["{voice}"]),
        ("channels", ["{here}", "4711"]),
        ("families", ["nonsense"]),
        ("roles", ["4711"]),
        ("editors", ["{here}"]),
        ("role", ["4711"]),
        ("open", ["nonsense"]),
        ("open", []),
    ],
)
async def test_a_server_decides_only_what_its_panel_offers(
    house: House, topic: str, values: list[str]
) -> None:
    panel = await opened(house, topic if topic != "open" else "results")
    here, voice = house.playground.channel("general"), house.playground.guild
    sent = [value.format(here=here, voice=voice) for value in values]
    press = forge(house, "otto", panel, f"easel:panel:server:{topic}", sent)
    await house.refusal(press, OLD)
    server = house.playground.guild
    kept = await house.jobs.records.read(choice_queries.read_server, server)
    assert kept == ServerChoices()


async def test_a_role_of_elsewhere_gets_no_limits(house: House) -> None:
    panel = await opened(house, "role")
    role = "1140000000000000011"
    form = await house.playground.select("otto", panel, [role], custom_id="easel:panel:server:role")
    await form.acknowledged()
    modal = form._interaction.modal
    assert modal
    modal["custom_id"] = "easel:panel:server:limits:4711"
    sent = await house.playground.submit("otto", form, {"unfinished": "5", "daily": "5"})
    await house.refusal(sent, OLD)
    kept = await house.jobs.records.read(choice_queries.read_server, house.playground.guild)
    assert kept.limits == {}


@pytest.mark.parametrize("values", [["snonsense"], [], ["s", "s"]])
async def test_a_person_chooses_only_models_that_there_are(house: House, values: list[str]) -> None:
    asked = await (await house.playground.command("mira", "settings")).ended()
    panel = asked.message
    assert panel
    await panel.until(lambda now: "**Model**" in now.content)
    press = forge(house, "mira", panel, "easel:panel:settings:model", values)
    await house.refusal(press, OLD)
    person = house.playground.people["mira"].id
    assert await house.jobs.records.read(choice_queries.read_person, person) == PersonChoices()


@pytest.mark.parametrize(("values"), [["%"], [""], ["0"], ["../x"]])
async def test_only_whole_ids_are_shown_again(house: House, values: list[str]) -> None:
    await house.drawn("a cat")
    asked = await (await house.playground.command("mira", "show")).ended()
    assert asked.message
    await asked.message.until(lambda now: len(list(now.components)) > 0)
    press = forge(house, "mira", asked.message, "easel:panel:show:pick", values)
    await house.refusal(press, OLD)


async def test_there_is_no_ninth_picture_of_one(house: House) -> None:
    grid = await house.drawn("a cat")
    await house.playground.press("mira", grid, label="U1")
    picture = await house.finished((await house.accepted(1))[0])
    form = await house.playground.press("mira", picture, label="Custom Zoom")
    await form.acknowledged()
    modal: Any = form._interaction.modal
    modal["custom_id"] = modal["custom_id"][:-1] + "9"
    sent = await house.playground.submit("mira", form, {"prompt": "a dog", "zoom": "1.5"})
    await house.refusal(sent, OLD)
    assert await house.jobs.waiting() == []


@pytest.mark.parametrize("values", [["edit"], ["nonsense:1"], ["edit:12"], [""], []])
async def test_a_grids_menu_does_only_what_it_offers(house: House, values: list[str]) -> None:
    grid = await house.drawn("a cat")
    menu = next(
        part["custom_id"]
        for row in grid.components
        for part in row["components"]
        if part["custom_id"].startswith("easel:more:")
    )
    await house.refusal(forge(house, "mira", grid, menu, values), OLD)
