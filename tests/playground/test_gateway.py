"""The gateway, spoken without a client library."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from playground import Playground
from playground.protocol.events import Intent
from playground.protocol.operations import errors_of, operations
from playground.state.cast import APPLICATION_ID, GUILD_ID
from playground.state.records import Permission
from tests.playground.conftest import SLASH, Json, Raw

EVERYTHING = sum(
    {
        Intent.GUILDS,
        Intent.GUILD_MESSAGES,
        Intent.GUILD_MESSAGE_REACTIONS,
        Intent.GUILD_MESSAGE_TYPING,
        Intent.DIRECT_MESSAGES,
        Intent.DIRECT_MESSAGE_REACTIONS,
        Intent.DIRECT_MESSAGE_TYPING,
    }
)


class Client:
    """One gateway connection."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, token: str) -> None:
        self.ws = ws
        self.token = token
        self.session = ""
        self.sequence = 0
        self._inflate = zlib.decompressobj()

    async def next(self) -> Json:
        frame = await self.ws.receive(timeout=60)
        if frame.type is aiohttp.WSMsgType.BINARY:
            payload: Json = json.loads(self._inflate.decompress(frame.data))
        else:
            assert frame.type is aiohttp.WSMsgType.TEXT, self.ws.close_code
            payload = json.loads(frame.data)
        self.sequence = payload.get("s") or self.sequence
        return payload

    async def event(self, name: str) -> Any:
        while (payload := await self.next()).get("t") != name:
            pass
        return payload["d"]

    async def names_until(self, last: str) -> list[str]:
        names: list[str] = []
        while not names or names[-1] != last:
            names.append((await self.next())["t"])
        return names

    async def send(self, op: int, data: object) -> None:
        await self.ws.send_json({"op": op, "d": data})

    async def identify(self, intents: int = EVERYTHING, **more: Any) -> Json:
        assert (await self.next())["op"] == 10
        await self.send(2, {"token": self.token, "intents": intents, "properties": {}, **more})
        ready: Json = await self.event("READY")
        self.session = ready["session_id"]
        return ready

    async def resume(self, of: Client) -> None:
        await self.next()
        data = {"token": self.token, "session_id": of.session, "seq": of.sequence}
        await self.send(6, data)

    async def close_code(self) -> int | None:
        while not self.ws.closed:
            await self.ws.receive(timeout=60)
        return self.ws.close_code


@asynccontextmanager
async def connected(p: Playground, query: str = "") -> AsyncIterator[Client]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{p.url}/gateway/?v=10&encoding=json{query}") as ws,
    ):
        yield Client(ws, p.token)


async def test_hello_ready_and_the_server(p: Playground) -> None:
    async with connected(p) as client:
        ready = await client.identify()
        assert ready["user"]["id"] == ready["application"]["id"] == str(APPLICATION_ID)
        assert ready["guilds"] == [{"id": str(GUILD_ID), "unavailable": True}]
        assert ready["resume_gateway_url"].startswith("ws://")
        guild = await client.event("GUILD_CREATE")
        assert guild["member_count"] == 4
        assert [channel["name"] for channel in guild["channels"]] == [
            "general",
            "art",
            "after-dark",
        ]
        # Without the members intent, a bot is told of nobody but itself.
        assert [member["user"]["username"] for member in guild["members"]] == ["Easel"]
        await client.send(1, 1)
        assert (await client.next())["op"] == 11


async def test_one_compressed_stream(p: Playground) -> None:
    async with connected(p, "&compress=zlib-stream") as client:
        await client.identify()
        await client.event("GUILD_CREATE")


async def test_frames_of_bytes_are_understood(p: Playground) -> None:
    async with connected(p) as client:
        await client.next()
        await client.ws.send_bytes(json.dumps({"op": 1, "d": None}).encode())
        assert (await client.next())["op"] == 11


@pytest.mark.parametrize(
    ("payloads", "code"),
    [
        ([{"op": 2, "d": {"token": "wrong", "intents": 0}}], 4004),
        ([{"op": 2, "d": {"token": "TOKEN", "intents": 1 << 15}}], 4014),
        ([{"op": 2, "d": {"token": "TOKEN", "intents": "many"}}], 4013),
        ([{"op": 2, "d": {"token": "TOKEN", "intents": 0, "shard": [2, 2]}}], 4010),
        ([{"op": 2, "d": {"token": "TOKEN", "intents": 0, "shard": "all"}}], 4010),
        ([{"op": 2, "d": {"token": "TOKEN", "intents": 0}}] * 2, 4005),
        ([{"op": 2, "d": None}], 4004),
        ([{"op": 2, "d": {"token": "TOKEN", "intents": 0}}, {"op": 99}], 4001),
        ([{"op": 3, "d": {}}], 4003),
        ([{"op": 2, "d": {"pad": "x" * 4096}}], 4002),
        ([[]], 4002),
        ([{"op": 1}] * 121, 4008),
        ([{"op": 2, "d": {"intents": 0}}], 4004),
        ([{"op": 6, "d": {"token": "wrong"}}], 4004),
    ],
)
async def test_broken_rules_close_the_connection(
    p: Playground, payloads: list[Any], code: int
) -> None:
    async with connected(p) as client:
        await client.next()
        for payload in payloads:
            await client.ws.send_str(json.dumps(payload).replace("TOKEN", p.token))
        assert await client.close_code() == code


async def test_a_session_is_resumed_with_what_it_missed(p: Playground) -> None:
    async with connected(p) as client:
        await client.identify()
        await client.event("GUILD_CREATE")
        await p.say("mira", "general", "heard")
        await client.event("MESSAGE_CREATE")
    await p.until(lambda: not p.gateway.online)
    missed = await p.say("mira", "general", "missed")
    async with connected(p) as again:
        await again.resume(client)
        assert (await again.next())["d"]["id"] == str(missed.id)
        assert (await again.next())["t"] == "RESUMED"


async def test_an_unknown_session_cannot_be_resumed(p: Playground) -> None:
    async with connected(p) as client:
        client.session, client.sequence = "gone", "x"  # type: ignore[assignment]
        await client.resume(client)
        assert await client.next() == {"op": 9, "d": False}
        # The same connection may then identify.
        await client.send(2, {"token": p.token, "intents": 0})
        assert (await client.next())["t"] == "READY"


async def test_the_old_socket_does_not_take_the_session_with_it(p: Playground) -> None:
    async with connected(p) as old:
        await old.identify()
        async with connected(p) as new:
            await new.resume(old)
            await new.event("RESUMED")
            await old.ws.close()
            await p.say("mira", "general", "still here")
            await new.event("MESSAGE_CREATE")


async def test_events_go_to_the_shard_of_their_server(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    mine = (GUILD_ID >> 22) % 2
    async with connected(p) as zero, connected(p) as one:
        shards = [zero, one]
        for index, client in enumerate(shards):
            ready = await client.identify(shard=[index, 2])
            assert bool(ready["guilds"]) == (index == mine)
        await p.command("mira", "imagine")
        await p.say("mira", "@mira", "direct")
        await shards[mine].event("INTERACTION_CREATE")
        await zero.event("MESSAGE_CREATE")
        await p.command("mira", "imagine", channel="@mira")
        assert (await zero.event("INTERACTION_CREATE"))["user"]["username"] == "mira"
        other = shards[1 - mine]
        await other.send(1, None)
        if other is one:
            assert (await other.next())["op"] == 11


async def test_only_asked_for_events_come(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    async with connected(p) as client:
        await client.identify(intents=Intent.DIRECT_MESSAGES)
        await p.say("mira", "general", "not asked for")
        await p.say("mira", "@mira", "asked for")
        await p.command("mira", "imagine")
        assert await client.names_until("INTERACTION_CREATE") == [
            "MESSAGE_CREATE",
            "INTERACTION_CREATE",
        ]


async def test_privileged_content() -> None:
    async with Playground(privileged=Intent.MESSAGE_CONTENT) as p, connected(p) as client:
        await client.identify(intents=EVERYTHING | Intent.MESSAGE_CONTENT)
        await p.say("mira", "general", "for all")
        assert (await client.event("MESSAGE_CREATE"))["content"] == "for all"


async def test_events_look_like_answers(raw: Raw, p: Playground) -> None:
    """Discord does not describe its events, but their objects are those of its answers."""
    shapes = {operation.name: operation.answers.get(200) for operation in operations()}
    async with connected(p) as client:
        await client.identify()
        guild = await client.event("GUILD_CREATE")
        for channel in guild["channels"]:
            assert not errors_of(shapes["get_channel"], channel)  # type: ignore[arg-type]
        for member in guild["members"]:
            assert not errors_of(shapes["get_guild_member"], member)  # type: ignore[arg-type]
        sent = await p.say("mira", "general", "hi", files=[("a.txt", b"x")])
        await p.react("otto", sent, "⭐")
        await p.unreact("otto", sent, "⭐")
        message = await client.event("MESSAGE_CREATE")
        member = message.pop("member")
        assert message.pop("guild_id") == str(GUILD_ID)
        assert not errors_of(shapes["get_message"], message)  # type: ignore[arg-type]
        assert "user" not in member
        added = await client.event("MESSAGE_REACTION_ADD")
        assert added["emoji"] == {"id": None, "name": "⭐"}
        assert added["member"]["user"]["username"] == "otto"
        await client.event("MESSAGE_REACTION_REMOVE")
        await p.delete("mira", sent)
        gone = await client.event("MESSAGE_DELETE")
        assert gone == {
            "id": str(sent.id),
            "channel_id": str(sent.channel_id),
            "guild_id": str(GUILD_ID),
        }
        p.forbid("bot", "art", Permission.SEND_MESSAGES)
        assert (await client.event("CHANNEL_UPDATE"))["name"] == "art"


async def test_an_interaction_says_everything(raw: Raw, p: Playground) -> None:
    await raw.register({**SLASH, "options": [{"type": 6, "name": "who", "description": "d"}]})
    async with connected(p) as client:
        await client.identify()
        await p.command("otto", "imagine", {"who": p.people["mira"].id})
        payload = await client.event("INTERACTION_CREATE")
    assert payload.keys() >= {
        *("id", "application_id", "type", "token", "version", "data", "channel_id", "channel"),
        *("guild_id", "guild", "guild_locale", "locale", "member", "app_permissions"),
        *("entitlements", "authorizing_integration_owners", "context", "attachment_size_limit"),
    }
    assert payload["attachment_size_limit"] == 10 * 1024 * 1024
    assert payload["member"]["permissions"]
    resolved = payload["data"]["resolved"]
    mira = str(p.people["mira"].id)
    assert resolved["users"][mira]["username"] == "mira"
    assert "user" not in resolved["members"][mira]


async def test_ephemeral_messages_are_not_sent_to_the_gateway(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    async with connected(p) as client:
        await client.identify()
        it = await p.command("mira", "imagine")
        await raw.callback(it, 4, {"content": "psst", "flags": 64})
        await p.say("mira", "general", "aloud")
        names = await client.names_until("MESSAGE_CREATE")
        assert names.count("MESSAGE_CREATE") == 1


async def test_members_can_be_asked_for(p: Playground) -> None:
    async with connected(p) as client:
        await client.identify()
        mira = str(p.people["mira"].id)
        await client.send(8, {"guild_id": str(GUILD_ID), "user_ids": [mira], "nonce": "n"})
        chunk = await client.event("GUILD_MEMBERS_CHUNK")
        assert [member["user"]["id"] for member in chunk["members"]] == [mira]
        assert chunk["nonce"] == "n"


async def test_a_silent_socket_acknowledges_nothing(p: Playground) -> None:
    p.faults.heartbeat = 0.5
    async with connected(p) as client:
        hello = await client.next()
        assert hello["d"]["heartbeat_interval"] == 500
        p.faults.gateway("silent")
        await client.send(1, None)
        with pytest.raises(TimeoutError):
            await client.ws.receive(timeout=0.2)
