"""The page's socket and uploads, spoken without a page."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from playground import Playground
from tests.playground.bot import PNG
from tests.playground.conftest import SLASH, Json, Raw, button, row

MANAGERS = {**SLASH, "name": "managers", "default_member_permissions": "8192", "contexts": [0]}


class Visit:
    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def next(self, *kinds: str) -> Any:
        """The data of the next frame of one of these kinds."""
        while (frame := await self.ws.receive_json(timeout=60))["t"] not in kinds:
            pass
        return frame["d"]

    async def do(self, op: str, **more: Any) -> None:
        await self.ws.send_json({"op": op, "nonce": 7, **more})


@asynccontextmanager
async def visiting(p: Playground, person: str = "mira") -> AsyncIterator[tuple[Visit, Json]]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{p.url}/playground/ws?person={p.people[person].id}") as ws,
    ):
        visit = Visit(ws)
        yield visit, await visit.next("HELLO")


async def upload(raw: Raw, p: Playground, name: str, data: bytes) -> aiohttp.ClientResponse:
    url = f"{p.url}/playground/upload?person={p.people['mira'].id}&filename={name}"
    return await raw.session.post(url, data=io.BytesIO(data))


async def test_another_language_is_that_of_what_the_person_does(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    async with visiting(p) as (visit, hello):
        assert hello["locale"] == "en-US"
        await visit.do("speak", locale="xx")
        assert "does not speak" in (await visit.next("ERROR"))["message"]
        await visit.do("speak", locale="pt-BR")
        await visit.next("DONE")
    async with visiting(p) as (_, hello):
        assert hello["locale"] == "pt-BR"
    assert p.people["mira"].locale == "pt-BR"


async def test_hello_shows_everything(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH, MANAGERS)
    await raw.send({"content": "hi"})
    await p.say("otto", "@otto", "private")
    async with visiting(p) as (_, hello):
        assert hello["me"] == str(p.people["mira"].id)
        assert [person["name"] for person in hello["people"]] == ["Mira", "Otto", "Gus"]
        assert [role["name"] for role in hello["guild"]["roles"]] == [
            *("@everyone", "Manager", "Easel")
        ]
        names = [channel["name"] for channel in hello["channels"]]
        assert names == ["general", "art", "after-dark", "Easel"]
        assert [command["name"] for command in hello["commands"]] == ["imagine"]
        assert len(hello["commands"][0]["channels"]) == 4
        shown = [m["content"] for ms in hello["messages"].values() for m in ms]
        assert shown == ["hi"]
        assert hello["bot"]["online"] is False
    async with visiting(p, "otto") as (_, hello):
        assert len(hello["commands"]) == 2
        assert str(p.channel("@otto")) not in hello["commands"][1]["channels"]
    async with visiting(p, "gus") as (_, hello):
        # Direct messages with the bot are nobody's to forbid.
        assert [c["channels"] for c in hello["commands"]] == [[str(p.channel("@gus"))]]
        assert [c["can_send"] for c in hello["channels"]] == [False, False, False, True]


async def test_a_command_from_the_page_and_its_answer(raw: Raw, p: Playground) -> None:
    await raw.register({**SLASH, "options": [{"type": 11, "name": "image", "description": "d"}]})
    stored = await (await upload(raw, p, "a.png", PNG)).json()
    assert (stored["width"], stored["height"], stored["size"]) == (2, 3, len(PNG))
    general = str(p.channel("general"))
    async with visiting(p) as (visit, _), visiting(p, "otto") as (other, _):
        options = [{"name": "image", "type": 11, "value": stored["id"]}]
        await visit.do("command", channel_id=general, name="imagine", type=1, options=options)
        sent = await visit.next("INTERACTION")
        assert sent == {"nonce": 7, "id": sent["id"], "state": "sent"}
        it = p.interaction(int(sent["id"]))
        await raw.callback(it, 4, {"content": "psst", "flags": 64})
        message = await visit.next("MESSAGE_CREATE")
        assert message["ephemeral"] is True
        assert (await visit.next("INTERACTION"))["state"] == "acknowledged"
        await visit.do("dismiss", message_id=message["id"])
        assert (await visit.next("MESSAGE_DELETE"))["id"] == message["id"]
        await p.say("gus", "@gus", "for nobody else")
        await raw.send({"content": "for all"})
        # Another person saw none of what was not for them.
        assert (await other.next("MESSAGE_CREATE", "MESSAGE_DELETE"))["content"] == "for all"


async def test_buttons_menus_and_modals_from_the_page(raw: Raw, p: Playground) -> None:
    options = [{"label": "a", "value": "a"}]
    menu = {"type": 3, "custom_id": "m", "options": options}
    sent = await raw.send({"content": "x", "components": [row(button("b")), row(menu)]})
    field = {"type": 18, "label": "l", "component": {"type": 4, "style": 1, "custom_id": "t"}}
    async with visiting(p) as (visit, _):
        await visit.do("press", message_id=sent.body["id"], custom_id="b")
        it = p.interaction(int((await visit.next("INTERACTION"))["id"]))
        await raw.callback(it, 9, {"title": "T", "custom_id": "c", "components": [field]})
        modal = await visit.next("MODAL")
        assert (modal["nonce"], modal["title"], modal["id"]) == (7, "T", str(it.id))
        filled = [{"type": 18, "component": {"type": 4, "custom_id": "t", "value": "v"}}]
        await visit.do("submit", interaction_id=modal["id"], components=filled)
        submitted = p.interaction(int((await visit.next("INTERACTION"))["id"]))
        while submitted.id == it.id:
            submitted = p.interaction(int((await visit.next("INTERACTION"))["id"]))
        assert submitted._interaction.data["components"][0]["component"]["value"] == "v"
        await raw.callback(submitted, 6)
        await visit.do("select", message_id=sent.body["id"], custom_id="m", values=["a"])
        await visit.do("press", message_id=sent.body["id"], custom_id="none")
        assert "no such component" in (await visit.next("ERROR"))["message"]


async def test_completions_for_the_page(raw: Raw, p: Playground) -> None:
    option = {"type": 3, "name": "o", "description": "d", "autocomplete": True}
    await raw.register({**SLASH, "options": [option]})
    async with visiting(p) as (visit, _):
        given = [{"name": "o", "type": 3, "value": "x"}]
        general = str(p.channel("general"))
        asked = p.world.listen(lambda change: seen.append(change.interaction))
        seen: list[Any] = []
        await visit.do("complete", channel_id=general, name="imagine", options=given, focused="o")
        await p.until(lambda: seen)
        asked()
        it = p.interaction(seen[0].id)
        await raw.callback(it, 8, {"choices": [{"name": "xy", "value": "xy"}]})
        assert (await visit.next("CHOICES"))["choices"] == [{"name": "xy", "value": "xy"}]


async def test_writing_reacting_and_deleting_from_the_page(raw: Raw, p: Playground) -> None:
    stored = await (await upload(raw, p, "a b.png", PNG)).json()
    general = str(p.channel("general"))
    async with visiting(p) as (visit, _):
        await visit.do("say", channel_id=general, content="hi", files=[stored["id"]])
        message = await visit.next("MESSAGE_CREATE")
        assert message["attachments"][0]["filename"] == "a_b.png"
        await visit.do("react", message_id=message["id"], emoji="⭐")
        assert (await visit.next("REACTION_ADD"))["emoji"]["name"] == "⭐"
        await visit.do("unreact", message_id=message["id"], emoji="⭐")
        await visit.next("REACTION_REMOVE")
        reply = {"channel_id": general, "content": "re", "reference": message["id"]}
        await visit.do("say", **reply)
        answer = await visit.next("MESSAGE_CREATE")
        assert answer["referenced_message"]["id"] == message["id"]
        await visit.do("delete", message_id=message["id"])
        await visit.next("MESSAGE_DELETE")
        await visit.do("react", message_id=message["id"], emoji="⭐")
        assert (await visit.next("ERROR"))["nonce"] == 7


@pytest.mark.parametrize(
    "frame", ["{", "[]", "{}", '{"op":"press"}', '{"op":"react","message_id":"x"}']
)
async def test_unreadable_frames_do_no_harm(p: Playground, frame: str) -> None:
    async with visiting(p) as (visit, _):
        await visit.ws.send_str(frame)
        assert "unreadable" in (await visit.next("ERROR"))["message"]


async def test_no_answer_in_time_is_shown(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    async with visiting(p) as (visit, _):
        await visit.do("command", channel_id=str(p.channel("art")), name="imagine")
        await visit.next("INTERACTION")
        p.clock.advance(3.1)
        failed = await visit.next("INTERACTION")
        assert (failed["state"], failed["reason"]) == ("failed", "The application did not respond")


async def test_refusals_and_the_bot_are_shown(raw: Raw, p: Playground) -> None:
    async with visiting(p) as (visit, _):
        await raw.send({"content": "x" * 2001})
        refused = await visit.next("REFUSED")
        assert refused["method"] == "POST"
        assert "content" in refused["reason"]
        await raw.register(SLASH)
        assert [c["name"] for c in await visit.next("COMMANDS")] == ["imagine"]
        await raw.request("POST", f"/channels/{p.channel('art')}/typing")
        assert (await visit.next("TYPING"))["user_id"] == str(p.world.bot.id)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:1"}, 200),
        ({"Origin": "http://localhost:1"}, 200),
    ],
)
async def test_foreign_hosts_and_origins_are_refused(
    raw: Raw, p: Playground, headers: dict[str, str], status: int
) -> None:
    async with raw.session.get(f"{p.url}/playground/health", headers=headers) as response:
        assert response.status == status


async def test_files_of_the_page(raw: Raw, p: Playground) -> None:
    async with raw.session.get(f"{p.url}/") as response:
        assert response.status == 200
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    for path in ("/page/..%2f..%2fworld.py", "/page/nothing.js", "/page/../world.py"):
        async with raw.session.get(p.url + path) as response:
            assert response.status == 404


async def test_uploads_have_limits(raw: Raw, p: Playground) -> None:
    assert (await upload(raw, p, "a", bytes(10 * 1024 * 1024 + 1))).status == 413
    url = f"{p.url}/playground/upload?person=5&filename=a"
    assert (await raw.session.post(url, data=b"x")).status == 404
