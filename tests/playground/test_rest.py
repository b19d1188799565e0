"""What the stand-in answers; the fixture compares every answer with Discord's description."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from playground import NotPossibleError, Playground
from playground.state.cast import APPLICATION_ID, OBJECTS
from playground.state.records import MessageFlag, Permission
from tests.playground.bot import PNG
from tests.playground.conftest import SLASH, Json, Raw, button, row


async def test_everything_that_can_be_asked_for(raw: Raw, p: Playground) -> None:
    mira = p.people["mira"].id
    for path in (
        "/users/@me",
        f"/users/{mira}",
        "/users/@me/guilds",
        "/users/@me/guilds?with_counts=true",
        "/oauth2/applications/@me",
        "/gateway",
        "/gateway/bot",
        f"/guilds/{p.guild}",
        f"/guilds/{p.guild}/roles",
        f"/guilds/{p.guild}/channels",
        f"/guilds/{p.guild}/members/{mira}",
        f"/channels/{p.channel('general')}",
        f"/channels/{p.channel('@mira')}",
        f"/channels/{p.channel('general')}/messages",
        f"/applications/{APPLICATION_ID}/commands?with_localizations=true",
        f"/applications/{APPLICATION_ID}/guilds/{p.guild}/commands",
        f"/applications/{APPLICATION_ID}/emojis",
    ):
        answered = await raw.request("GET", path)
        assert answered.status == 200, path
        assert answered.headers["Content-Type"] == "application/json"
    assert p.validated == len(p.journal) == 17
    # Clients ask for the next page until there is none.
    assert (await raw.request("GET", f"/users/@me/guilds?after={p.guild}")).body == []


async def test_a_thread_and_what_becomes_of_it(raw: Raw, p: Playground) -> None:
    sent = (await raw.send({"content": "hi"})).body
    there = f"/channels/{p.channel('general')}/messages/{sent['id']}/threads"
    opened = await raw.request("POST", there, {"name": "more of it"})
    assert opened.status == 201
    thread = f"/channels/{opened.body['id']}"
    assert (await raw.request("GET", thread)).body["parent_id"] == str(p.channel("general"))
    said = (await raw.request("POST", f"{thread}/messages", {"content": "here"})).body
    assert (await raw.request("POST", there, {"name": "again"})).body["code"] == 160004
    assert (await raw.request("PATCH", thread, {"name": "other"})).status == 400
    await raw.request("PATCH", thread, {"archived": True})
    edit = await raw.request("PATCH", f"{thread}/messages/{said['id']}", {"content": "there"})
    assert (edit.status, edit.body["code"]) == (400, 50083)
    # Whoever writes takes it up again.
    assert (await raw.request("POST", f"{thread}/messages", {"content": "more"})).status == 200
    assert not (await raw.request("GET", thread)).body["thread_metadata"]["archived"]
    p.forbid("bot", "general", Permission.SEND_MESSAGES_IN_THREADS)
    assert (await raw.request("POST", f"{thread}/messages", {"content": "no"})).status == 403
    p.permit("bot", "general", Permission.SEND_MESSAGES_IN_THREADS)
    other = f"/channels/{p.channel('general')}"
    assert (await raw.request("PATCH", other, {"archived": True})).body["code"] == 50024


async def test_a_message_and_what_becomes_of_it(raw: Raw, p: Playground) -> None:
    select = {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}]}
    link = {"type": 2, "style": 5, "label": "l", "url": "https://example.org"}
    embed = {
        "title": "t",
        "description": "d",
        "color": 5,
        "image": {"url": "attachment://a.png"},
        "footer": {"text": "f"},
        "fields": [{"name": "n", "value": "v"}],
    }
    body: Json = {
        "content": f"hi <@{p.people['mira'].id}>",
        "embeds": [embed],
        "components": [row(button("a", emoji={"name": "🔄"}), link), row(select)],
        "attachments": [{"id": 0, "filename": "a.png", "description": "red"}],
        "allowed_mentions": {"parse": []},
        "nonce": "5",
    }
    sent = await raw.send(body, files=[("ignored.png", PNG)])
    assert sent.status == 200
    assert [c["id"] for c in sent.body["components"]] == [1, 4]
    assert sent.body["attachments"][0]["description"] == "red"
    assert sent.body["mentions"][0]["username"] == "mira"
    first = sent.body["attachments"][0]["id"]

    # Without a list, files are added; with one, it says what stays.
    added = await raw.edit(sent.body["id"], {"content": "more"}, files=[("b.txt", b"b")])
    assert [a["filename"] for a in added.body["attachments"]] == ["a.png", "b.txt"]
    assert added.body["edited_timestamp"]
    kept = await raw.edit(sent.body["id"], {"attachments": [{"id": int(first)}], "tts": False})
    assert [a["id"] for a in kept.body["attachments"]] == [first]
    assert kept.body["content"] == "more"

    path = f"/channels/{p.channel('general')}/messages/{sent.body['id']}"
    assert (await raw.request("PUT", f"{path}/reactions/%E2%AD%90/@me")).status == 204
    await p.react("mira", p.messages[0], "⭐")
    got = await raw.request("GET", path)
    assert got.body["reactions"][0]["count"] == 2
    users = await raw.request("GET", f"{path}/reactions/%E2%AD%90")
    assert [user["username"] for user in users.body] == ["Easel", "mira"]
    assert (await raw.request("DELETE", f"{path}/reactions/%E2%AD%90/@me")).status == 204
    assert p.messages[0].reactions == {"⭐": [p.people["mira"].id]}

    reply = await raw.send({"content": "re", "message_reference": {"message_id": sent.body["id"]}})
    assert reply.body["type"] == 19
    assert reply.body["referenced_message"]["id"] == sent.body["id"]
    assert (await raw.request("DELETE", path)).status == 204
    assert (await raw.request("GET", path)).code == 10008
    again = await raw.request("GET", f"/channels/{p.channel('general')}/messages")
    assert again.body[0]["referenced_message"] is None


async def test_pages_of_messages(raw: Raw, p: Playground) -> None:
    ids = [str((await p.say("mira", "general", str(n))).id) for n in range(6)]
    path = f"/channels/{p.channel('general')}/messages"

    async def listed(query: str) -> list[int]:
        found = (await raw.request("GET", f"{path}?{query}")).body
        return [ids.index(message["id"]) for message in found]

    assert await listed("limit=2") == [5, 4]
    assert await listed(f"limit=2&before={ids[3]}") == [2, 1]
    assert await listed(f"limit=2&after={ids[3]}") == [5, 4]
    assert await listed(f"limit=3&around={ids[3]}") == [4, 3, 2]


async def test_every_kind_of_answer(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    it = await p.command("mira", "imagine")
    answered = await raw.callback(
        it, 4, {"content": "hi", "components": [row(button("a"))]}, files=[("a.png", PNG)]
    )
    resource = answered.body["resource"]
    assert resource["type"] == 4
    assert it.message
    assert resource["message"]["id"] == str(it.message.id)
    assert answered.body["interaction"]["response_message_loading"] is False

    pressed = await p.press("otto", it.message, label="x")
    updated = await raw.callback(pressed, 7, {"content": "pressed"})
    assert updated.body["resource"]["message"]["content"] == "pressed"
    later = await p.press("otto", it.message, label="x")
    assert (await raw.callback(later, 6)).body["interaction"]["response_message_id"]
    # After a deferred update, a follow-up is a message of its own.
    more = await raw.webhook("POST", later, "", {"content": "more"})
    assert more.body["id"] != str(it.message.id)
    edited = await raw.webhook("PATCH", later, "/messages/%40original", {"content": "last"})
    assert edited.body["id"] == str(it.message.id)
    assert edited.body["content"] == "last"

    thinking = await p.press("mira", it.message, label="x")
    deferred = await raw.callback(thinking, 5, {"flags": 64})
    assert deferred.body["interaction"]["response_message_loading"] is True
    assert deferred.body["interaction"]["response_message_ephemeral"] is True
    assert "resource" not in deferred.body
    # The first follow-up becomes the deferred answer, as private as that was.
    first = await raw.webhook("POST", thinking, "", {"content": "here"})
    assert thinking.message
    assert first.body["id"] == str(thinking.message.id)
    assert first.body["flags"] == MessageFlag.EPHEMERAL
    assert first.body["edited_timestamp"] is None
    second = await raw.webhook("POST", thinking, "", {"content": "and here"})
    assert second.body["id"] != first.body["id"]
    assert (await raw.webhook("DELETE", thinking, "/messages/@original")).status == 204
    assert (await raw.webhook("GET", thinking, "/messages/@original")).code == 10008
    tail = f"/messages/{second.body['id']}"
    assert (await raw.webhook("GET", thinking, tail)).body["content"] == "and here"


async def test_a_modal_and_its_answer(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    menu = {
        "type": 3,
        "custom_id": "menu",
        "options": [{"label": "a", "value": "a"}],
        "required": False,
    }
    radio = [{"label": "a", "value": "a"}, {"label": "b", "value": "b"}]
    fields: list[Json] = [
        {"type": 4, "style": 1, "custom_id": "text", "max_length": 5},
        menu,
        {"type": 21, "custom_id": "radio", "options": radio, "required": False},
        {"type": 22, "custom_id": "boxes", "options": radio},
        {"type": 23, "custom_id": "box"},
    ]
    parts = [{"type": 18, "label": "l", "component": field} for field in fields]
    it = await p.command("mira", "imagine")
    body = {"title": "t", "custom_id": "c", "components": parts}
    assert (await raw.callback(it, 9, body)).status == 200
    wrong: list[Json] = [
        {"text": ""},
        {"text": "123456"},
        {"boxes": ["c"]},
        {"other": 1},
        {"boxes": []},
    ]
    for values in wrong:
        with pytest.raises(NotPossibleError):
            await p.submit("mira", it, {"text": "x", "boxes": ["a"], **values})
    with pytest.raises(NotPossibleError):
        await p.submit("otto", it, {"text": "x", "boxes": ["a"]})
    submitted = await p.submit("mira", it, {"text": "x", "boxes": ["a", "b"], "box": True})
    assert (await raw.callback(submitted, 4, {"content": "thanks"})).status == 200
    answer: Any = submitted.message
    shaped = answer.json["interaction_metadata"]
    assert shaped["triggering_interaction_metadata"]["id"] == str(it.id)


async def test_layouts(raw: Raw, p: Playground) -> None:
    media = {"media": {"url": "attachment://a.png"}}
    parts: list[Json] = [
        {"type": 10, "content": "text"},
        {"type": 12, "items": [media, {"media": {"url": "https://example.org/a.png"}}]},
        {"type": 13, "file": {"url": "attachment://b.txt"}},
        {"type": 14},
        {
            "type": 17,
            "accent_color": 5,
            "components": [
                {
                    "type": 9,
                    "components": [{"type": 10, "content": "t"}],
                    "accessory": {"type": 11, **media},
                },
                row(button("a")),
            ],
        },
    ]
    sent = await raw.send(
        {"flags": 1 << 15, "components": parts}, files=[("a.png", PNG), ("b.txt", b"b")]
    )
    assert sent.status == 200
    numbers = [component["id"] for component in sent.body["components"]]
    assert numbers == [1, 2, 3, 4, 5]
    url = sent.body["components"][1]["items"][0]["media"]["url"]
    async with raw.session.get(url) as response:
        assert await response.read() == PNG
        assert response.content_type == "image/png"


async def test_direct_messages(raw: Raw, p: Playground) -> None:
    mira = {"recipient_id": str(p.people["mira"].id)}
    opened = await raw.request("POST", "/users/@me/channels", mira)
    assert opened.body["id"] == str(p.channel("@mira"))
    sent = await raw.request("POST", f"/channels/{opened.body['id']}/messages", {"content": "hi"})
    assert sent.body["channel_id"] == opened.body["id"]
    typing = await raw.request("POST", f"/channels/{opened.body['id']}/typing")
    assert typing.status == 204
    unknown = await raw.request("POST", "/users/@me/channels", {"recipient_id": "5"})
    assert unknown.code == 10013


async def test_links_expire_and_cannot_be_forged(raw: Raw, p: Playground) -> None:
    sent = await raw.send({}, files=[("a.txt", b"x")])
    url = sent.body["attachments"][0]["url"]

    async def status(link: str) -> int:
        async with raw.session.get(link) as response:
            return response.status

    assert await status(url) == 200
    assert await status(url.replace("hm=", "hm=0")) == 404
    assert await status(url.replace("ex=", "ex=f")) == 404
    assert await status(url.split("?")[0]) == 404
    p.clock.advance(26 * 3600)
    assert await status(url) == 404
    path = f"/channels/{p.channel('general')}/messages/{sent.body['id']}"
    fresh = (await raw.request("GET", path)).body["attachments"][0]["url"]
    assert await status(fresh) == 200
    gone = f"{p.url}/attachments/1/2/a.txt"
    body = {"attachment_urls": [url, gone]}
    renewed = (await raw.request("POST", "/attachments/refresh-urls", body)).body["refreshed_urls"]
    assert [each["original"] for each in renewed] == [url, gone]
    assert await status(renewed[0]["refreshed"]) == 200
    assert renewed[1]["refreshed"] is None


async def test_commands_are_offered_where_they_belong(raw: Raw, p: Playground) -> None:
    await raw.register(
        {**SLASH, "contexts": [0], "default_member_permissions": str(1 << 13)},
        {**SLASH, "name": "after", "nsfw": True},
        {**SLASH, "name": "anywhere", "integration_types": [0, 1]},
    )
    with pytest.raises(NotPossibleError):
        await p.command("mira", "imagine")
    await p.command("otto", "imagine")
    with pytest.raises(NotPossibleError):
        await p.command("otto", "imagine", channel="dm")
    with pytest.raises(NotPossibleError):
        await p.command("mira", "after")
    await p.command("mira", "after", channel="after-dark")
    await p.command("mira", "anywhere", channel="@mira")


async def test_commands_keep_their_ids_and_subcommands_nest(raw: Raw, p: Playground) -> None:
    inner = {"type": 3, "name": "name", "description": "d", "required": True}
    save = {"type": 1, "name": "save", "description": "d", "options": [inner]}
    group = {"type": 2, "name": "mine", "description": "d", "options": [save]}
    nested = {**SLASH, "name": "preset", "options": [group]}
    first = await raw.register(SLASH, nested)
    second = await raw.register(nested)
    assert second.body[0]["id"] == first.body[1]["id"]
    it = await p.command("mira", "preset mine save", {"name": "x"})
    assert it._interaction.data["options"] == [
        {
            "name": "mine",
            "type": 2,
            "options": [
                {"name": "save", "type": 1, "options": [{"name": "name", "type": 3, "value": "x"}]}
            ],
        }
    ]


async def test_a_hosted_file_can_be_fetched(raw: Raw, p: Playground) -> None:
    async with raw.session.get(p.host("a.png", PNG)) as response:
        assert await response.read() == PNG
    p.close_channel("art")
    assert (await raw.send({"content": "hi"}, "art")).code == 50013


async def test_the_pieces_that_tests_rely_on_are_fixed() -> None:
    assert {person["user"]["username"] for person in OBJECTS["people"].values()} == {
        "mira",
        "otto",
        "gus",
    }
    assert [channel["name"] for channel in OBJECTS["channels"]] == ["general", "art", "after-dark"]


async def test_embeds_as_the_library_writes_them(raw: Raw, p: Playground) -> None:
    """It always sends the flags of an embed, which Discord takes and its description omits."""
    embed = discord.Embed(title="Recipe", description="a red apple").to_dict()
    path = f"/channels/{p.channel('general')}/messages"
    answered = await raw.request("POST", path, {"embeds": [embed]})
    assert answered.status == 200


async def test_who_a_menu_has_chosen_is_given_out_as_text(raw: Raw) -> None:
    chosen = {"id": 1140000000000000011, "type": "role"}
    menu = {"type": 6, "custom_id": "m", "default_values": [chosen]}
    sent = await raw.send({"content": "hi", "components": [row(menu)]})
    assert sent.status == 200
    (shown,) = sent.body["components"][0]["components"]
    assert shown["default_values"] == [{"id": "1140000000000000011", "type": "role"}]
