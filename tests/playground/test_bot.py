"""The stand-in with an unmodified discord.py client in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from playground import NotPossibleError, PatienceError, Playground
from playground.state.records import Answer, MessageFlag, MessageType
from playground.transport.faults import GatewayFault
from tests.playground.bot import PNG
from tests.playground.conftest import Raw, running_bot

RESUMABLE: tuple[GatewayFault, ...] = ("op7", "drop", "op9_resumable")


@pytest.fixture
async def with_bot(p: Playground) -> AsyncIterator[Playground]:
    async with running_bot(p):
        yield p


async def test_a_bot_logs_in_and_registers_its_commands(with_bot: Playground) -> None:
    names = {command["name"] for command in with_bot.world.commands.all()}
    assert {"imagine", "secret", "choose", "ask", "Describe"} <= names
    assert [request.operation for request in with_bot.journal] == [
        "get_my_user",
        "get_my_oauth2_application",
        "bulk_set_application_commands",
    ]


async def test_a_command_with_a_file_ends_in_a_picture_with_buttons(with_bot: Playground) -> None:
    p = with_bot
    it = await p.command("mira", "imagine", {"prompt": "an apple"}, files={"image": ("a.png", PNG)})
    await it.acknowledged()
    assert it.response == Answer.DEFERRED_MESSAGE
    assert 0 < it.latency < 3
    message = await p.message(lambda m: m.attachments)
    assert it.message
    assert message.id == it.message.id
    assert message.content == "done an apple"
    # The bot downloaded the file that the option carried, and said so on the way.
    assert [v.content for v in message.history] == ["", f"working on an apple ({len(PNG)})"]
    assert message.history[0].flags & MessageFlag.LOADING
    assert await p.read(message.attachments[0]) == PNG
    assert (message.attachments[0].width, message.attachments[0].height) == (2, 3)
    assert list(message.buttons) == ["U1", "U2", "U3", "U4"]
    assert message.json["interaction_metadata"]["user"]["username"] == "mira"

    pressed = await p.press("otto", message, label="U2")
    answer = await p.message(lambda m: "picture 2" in m.content)
    # The follow-up after a deferred answer became that answer, as a reply to the pressed message.
    assert pressed.message
    assert answer.id == pressed.message.id
    assert (answer.json["type"], answer.reference) == (MessageType.REPLY, message.id)


async def test_menus_modals_completions_and_ephemeral_answers(with_bot: Playground) -> None:
    p = with_bot
    await (await p.command("mira", "choose")).acknowledged()
    menu = await p.message(lambda m: m.content == "which?")
    await (await p.select("mira", menu, ["red", "blue"])).acknowledged()
    await menu.until(lambda m: m.content == "chosen red, blue" and not m.components)
    with pytest.raises(NotPossibleError):
        await p.select("mira", menu, ["red"], custom_id="t:menu")

    asked = await p.command("mira", "ask")
    submitted = await p.submit("mira", asked, {"name": "Bo"}, files={"file": ("b.txt", b"hi")})
    await submitted.acknowledged()
    assert submitted.message
    assert submitted.message.ephemeral_to == "mira"
    assert "Bo" in submitted.message.content
    assert "b.txt" in submitted.message.content

    choices = await p.complete("mira", "imagine", {"prompt": "ca"}, "prompt")
    assert choices[0] == {"name": "ca 0", "value": "ca0"}

    secret = await p.command("mira", "secret")
    first = await p.message(lambda m: m.content == "psst")
    again = await p.message(lambda m: m.content == "psst again")
    assert secret.response == Answer.MESSAGE
    assert first.ephemeral_to == again.ephemeral_to == "mira"
    assert p.world.sees(p.people["mira"].id, again._message)
    assert not p.world.sees(p.people["otto"].id, again._message)


async def test_message_menus_layouts_reactions_mentions_and_direct_messages(
    with_bot: Playground,
) -> None:
    p = with_bot
    hers = await p.say("mira", "general", "look")
    described = await p.command("otto", "Describe", target=hers)
    await described.acknowledged()
    assert described.message
    assert described.message.content == f"described {hers.id}"
    assert described.message.json["type"] == MessageType.MENU_ANSWER

    await p.command("mira", "layout")
    layout = await p.message(lambda m: m.flags & MessageFlag.COMPONENTS_V2 and m.attachments)
    gallery = layout.json["components"][0]["components"][1]
    assert gallery["items"][0]["media"]["url"] == layout.json["attachments"][0]["url"]
    await (await p.press("mira", layout, label="U1")).acknowledged()

    await p.react("otto", hers, "⭐")
    await hers.until(lambda m: len(m.reactions.get("⭐", [])) == 2)

    await p.say("mira", "@mira", "hello")
    direct = await p.message(lambda m: m.content == "direct: hello")
    assert direct.channel_id == p.channel("@mira")

    # Without the content intent, only messages that mention the bot are legible to it.
    await p.message(lambda m: m.content == "read ''")
    mention = f"<@{p.world.bot.id}> for the bot"
    await p.say("mira", "general", mention)
    await p.message(lambda m: m.content == f"read {mention!r}")


async def test_an_answer_after_three_seconds_is_refused(with_bot: Playground) -> None:
    p = with_bot
    it = await p.command("mira", "slow", {"seconds": 0.2})
    p.clock.advance(3.0)
    with pytest.raises(PatienceError, match="did not respond"):
        await it.acknowledged()
    assert (await p.message(lambda m: "too late" in m.content)).content == "too late 10062"


async def test_what_happens_while_the_socket_is_lost_is_replayed(with_bot: Playground) -> None:
    p = with_bot
    sessions = list(p.gateway.sessions)
    for fault in RESUMABLE:
        p.faults.gateway(fault)
        await p.until(lambda: not p.gateway.online)
        await (await p.command("mira", "secret")).acknowledged()
        assert list(p.gateway.sessions) == sessions, fault
    p.faults.gateway("op9")
    await p.until(lambda: p.gateway.online and list(p.gateway.sessions) != sessions)
    await (await p.command("mira", "secret")).acknowledged()


async def test_old_buttons_work_after_the_bot_was_killed(p: Playground) -> None:
    async with running_bot(p) as first:
        await p.command("mira", "imagine", {"prompt": "x"})
        message = await p.message(lambda m: m.buttons)
        first.kill()
        await asyncio.to_thread(first.join)
        await p.until(lambda: not p.gateway.online)
    async with running_bot(p):
        await (await p.press("mira", message, label="U3")).acknowledged()
        await p.message(lambda m: "picture 3" in m.content)


async def test_everything_outlives_a_restart_of_everything(tmp_path: Path) -> None:
    async with Playground(keep=tmp_path) as p, running_bot(p):
        first = await p.command("mira", "imagine", {"prompt": "x"})
        message = await p.message(lambda m: m.buttons)
        gone = await p.say("mira", "general", "gone")
        await p.delete("mira", gone)
        await p.react("mira", message, "⭐")
        commands = p.world.commands.all()
        seen = {m.id: m.json for m in p.messages}
    async with Playground(keep=tmp_path) as p:
        assert p.world.commands.all() == commands
        assert {m.id for m in p.messages} == seen.keys()
        message = await p.message(lambda m: m.buttons)
        assert message.reactions == {"⭐": [p.people["mira"].id]}
        assert await p.read(message.attachments[0]) == PNG
        later = await p.say("mira", "general", "later")
        assert later.id > max(seen)
        async with running_bot(p):
            await (await p.press("mira", message, label="U4")).acknowledged()
            answer = await p.message(lambda m: "picture 4" in m.content)
            # The buttons carry the first interaction's id as their job.
            assert str(first.id) in answer.content


async def test_the_client_tries_again(with_bot: Playground) -> None:
    p = with_bot
    for number, status in enumerate((429, 500, 502)):
        p.faults.next("PATCH", "/messages/@original$", status=status, retry_after=0.05)
        await p.command("mira", "imagine", {"prompt": str(number)})
        done = f"done {number}"
        message = await p.message(lambda m: m.content == done)  # noqa: B023  awaited in the loop
        assert len(message.history) == 2
    edits = [r for r in p.journal if r.operation == "update_original_webhook_message"]
    assert [edit.verdict for edit in edits] == ["fault", "ok", "ok"] * 3


async def test_a_repeated_send_with_a_nonce_is_one_message(with_bot: Playground) -> None:
    p = with_bot
    p.faults.next("POST", "/messages$", status=502, after=True)
    await p.say("mira", "@mira", "hello")
    await p.until(lambda: sum(r.operation == "create_message" for r in p.journal) == 2)
    assert [m.content for m in p.messages] == ["hello", "direct: hello"]


async def test_people_cannot_do_what_their_client_keeps_them_from(with_bot: Playground) -> None:
    p = with_bot
    for person, name, options in (
        ("gus", "imagine", {"prompt": "x"}),
        ("mira", "nothing", {}),
        ("mira", "imagine", {}),
        ("mira", "imagine", {"prompt": "x" * 6001}),
        ("mira", "imagine", {"prompt": "x", "steps": 51}),
        ("mira", "imagine", {"prompt": "x", "steps": "many"}),
        ("mira", "imagine", {"prompt": "x", "color": "red"}),
    ):
        with pytest.raises(NotPossibleError):
            await p.command(person, name, options)
    with pytest.raises(NotPossibleError):
        await p.say("gus", "general", "hi")
    with pytest.raises(NotPossibleError):
        await p.say("mira", "general", "")
    message = await p.say("mira", "general", "hi")
    with pytest.raises(NotPossibleError):
        await p.press("mira", message, label="U1")
    with pytest.raises(NotPossibleError):
        await p.delete("gus", message)
    await p.delete("otto", message)
    assert message.deleted


async def test_the_count_is_left_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "count"
    monkeypatch.setenv("EASEL_PLAYGROUND_COUNT", str(path))
    for body in ({"content": "hi"}, {"content": ""}):
        async with Playground() as p, aiohttp.ClientSession() as session:
            await Raw(p, session).send(body)
    assert path.read_text() == "1 0\n1 1\n"
