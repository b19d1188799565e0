"""People see what is kept of them, get a copy, and are forgotten, on Discord itself."""

import io
import zipfile

import pytest

from bot.delivery.removal import drop_withdrawal, list_withdrawals
from bot.panels import hello
from playground import Message
from playground.state.records import Permission
from storage.decisions.choices import PersonChoices
from storage.privacy.forgetting import forget
from tests.bot.live.house import House
from tests.journeys.studio import showing


async def opened(house: House, person: str = "mira") -> Message:
    """The panel of `/privacy`."""
    asked = await house.playground.command(person, "privacy")
    panel = (await asked.ended()).message
    assert panel
    await panel.until(lambda now: "kept about you" in now.content)
    assert panel.ephemeral_to == person
    return panel


async def press(house: House, panel: Message, label: str) -> None:
    await (await house.playground.press("mira", panel, label=label)).acknowledged()


async def show_again(house: House, grid: Message) -> tuple[Message, Message]:
    """The same pictures in public and by direct message."""
    name = grid.attachments[0].filename
    again = (await (await house.playground.command("mira", "show", {"id": name})).ended()).message
    assert again
    await again.until(lambda now: now.attachments)
    await house.playground.react("otto", grid, "✉️")
    home = house.playground.channel("@otto")
    return again, await house.playground.message(
        lambda m: m.channel_id == home and m.id > again.id and m.attachments
    )


async def test_whoever_has_asked_for_nothing_has_nothing_to_delete(house: House) -> None:
    panel = await opened(house)
    assert "- none" in panel.content
    assert not panel.buttons


async def test_somebody_is_forgotten_after_one_question(house: House) -> None:
    grid = await house.drawn("a red apple")
    await house.playground.react("mira", grid, "⭐")
    copies = await show_again(house, grid)
    theirs = await house.drawn("a black cat", person="otto")
    await house.prefer("mira", PersonChoices(suffix="ink"))
    await house.imagine("a boat")
    await house.accepted(1)
    panel = await opened(house)
    await panel.until(lambda now: "2 requests" in now.content)
    assert "your settings" in panel.content
    await press(house, panel, "Forget me")
    await panel.until(lambda now: "for good" in now.content)
    await press(house, panel, "Never mind")
    await panel.until(lambda now: "2 requests" in now.content)
    await press(house, panel, "Forget me")
    await panel.until(lambda now: "for good" in now.content)
    await press(house, panel, "Delete everything")
    await panel.until(lambda now: "any more" in now.content)
    # Their messages follow, and nobody else's.
    for each in (grid, *copies):
        await each.until(lambda now: now.deleted)
    assert not theirs.deleted
    whose = str(house.playground.people["mira"].id)
    kept = [path for path in house.jobs._settings.data.rglob("*") if path.is_file()]
    assert not any(whose.encode() in path.read_bytes() for path in kept)
    assert "- none" in (await opened(house)).content
    # As if they came for the first time.
    assert (await house.drawn("a red apple")).buttons


async def test_pictures_that_were_on_their_way_go_as_well(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.bot
    run, message = await house.running()
    noted, jobs = house.jobs.delivered, house.jobs

    async def forget_first(job_id: str, message_id: int | None) -> bool:
        await forget(jobs, house.playground.people["mira"].id, jobs._settings.database)
        # As if it had been taken away before its end was sent, which Discord then posts anew.
        await jobs.records.write(drop_withdrawal, message.id)
        return await noted(job_id, message_id)

    monkeypatch.setattr(jobs, "delivered", forget_first)
    await jobs.complete(run, house.files)
    await house.until(lambda: jobs.records.read(list_withdrawals, 9))
    house.bot._remover.wake()
    await message.until(lambda now: now.deleted)


async def test_a_copy_comes_in_files_that_fit(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.drawn("a red apple")
    panel = await opened(house)
    asked = await house.playground.press("mira", panel, label="Get a copy")
    said = await house.refusal(await asked.ended(), "in ZIP files")
    (file,) = said.attachments
    with zipfile.ZipFile(io.BytesIO(await house.playground.read(file))) as archive:
        names = archive.namelist()
    assert sum(name.startswith("pictures/") for name in names) == 5
    monkeypatch.setattr("bot.requests.personal_data.ROOM", house.playground.upload_limit - 900)
    asked = await house.playground.press("mira", panel, label="Get a copy")
    left = await house.refusal(await asked.ended(), "did not fit")
    assert left.ephemeral_to == "mira"


async def test_a_server_that_is_joined_is_greeted_where_that_is_allowed(house: House) -> None:
    assert house.bot
    guild = house.bot.get_guild(house.playground.guild)
    assert guild
    house.playground.forbid("bot", "general", Permission.SEND_MESSAGES)
    house.bot.dispatch("guild_join", guild)
    said = await house.playground.message(lambda m: "Everybody here may ask" in m.content)
    assert said.channel_id != house.playground.channel("general")
    assert len(said.buttons) == 3
    asked = await house.playground.press("mira", said, label="Set up this server")
    await house.refusal(await asked.ended(), "Only those who manage")
    for label, text in (("Set up this server", "Channels"), ("Show me how it works", "Press an")):
        asked = await house.playground.press("otto", said, label=label)
        shown = (await asked.ended()).message
        assert shown
        assert shown.ephemeral_to == "otto"
        await showing(shown, text)
    await house.playground.press("mira", said, label=f"Draw {hello._EXAMPLE}")
    (job,) = await house.accepted(1)
    assert job.person_id == house.playground.people["mira"].id
    assert "Hello!" in said.content
    async with house.set_up(servers="1"):
        before = len(house.playground.messages)
        house.bot.dispatch("guild_join", guild)
    assert not [m for m in house.playground.messages[before:] if "Hello!" in m.content]
