"""Requests that Discord refuses, each with the status and code that Discord gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playground import Playground
from playground.state.cast import APPLICATION_ID
from playground.state.records import MessageFlag, Permission
from tests.playground.conftest import SLASH, Json, Raw, button, form, row

V2 = 1 << 15
MENU: Json = {
    "type": 3,
    "custom_id": "m",
    "options": [{"label": "a", "value": "a"}, {"label": "b", "value": "b"}],
}


def text(content: str = "hi") -> Json:
    return {"type": 10, "content": content}


def message(**more: Any) -> Json:
    return {"content": "hi", **more}


def v2(*parts: Json, **more: Any) -> Json:
    return {"flags": V2, "components": list(parts), **more}


def rows(number: int, width: int = 5) -> list[Json]:
    return [row(*(button(f"{r}.{c}") for c in range(width))) for r in range(number)]


def option(**more: Any) -> Json:
    return {"type": 3, "name": "prompt", "description": "what", **more}


def command(*options: Json, **more: Any) -> Json:
    return {**SLASH, "options": list(options), **more}


def modal(*parts: Json, **more: Any) -> Json:
    return {"title": "t", "custom_id": "c", "components": list(parts), **more}


def label(component: Json, **more: Any) -> Json:
    return {"type": 18, "label": "l", "component": component, **more}


def text_input(custom_id: str = "t", **more: Any) -> Json:
    return {"type": 4, "style": 1, "custom_id": custom_id, **more}


# What a message must not be; the last part is found in the answer's field errors.
MESSAGES: dict[str, tuple[Json, str]] = {
    "content too long": (message(content="x" * 2001), "content"),
    "content of a wrong type": (message(content=5), "content"),
    "unknown field": (message(colour="red"), "colour"),
    "unknown field in a button": (message(components=[row(button("a", color=1))]), "color"),
    "six rows": (message(components=rows(6)), "components"),
    "six buttons in a row": (message(components=rows(1, 6)), "components"),
    "empty row": (message(components=[row()]), "components"),
    "button outside a row": (message(components=[button("a")]), "type"),
    "unknown component": (message(components=[{"type": 99}]), "type"),
    "custom id too long": (message(components=[row(button("x" * 101))]), "custom_id"),
    "custom id twice": (message(components=[row(button("a"), button("a"))]), "DUPLICATED"),
    "component id twice": (message(components=[row(button("a", id=7), button("b", id=7))]), "id"),
    "label too long": (message(components=[row(button("a", label="x" * 81))]), "label"),
    "button without custom id": (message(components=[row({"type": 2, "style": 1})]), "custom_id"),
    "button without label": (message(components=[row(button("a", label=""))]), "label"),
    "button with a url": (message(components=[row(button("a", url="https://a.b"))]), "url"),
    "link with custom id": (
        message(components=[row(button("a", style=5, url="https://a.b"))]),
        "custom_id",
    ),
    "link without url": (message(components=[row({"type": 2, "style": 5, "label": "x"})]), "url"),
    "link to a file": (
        message(components=[row({"type": 2, "style": 5, "label": "x", "url": "file:///a"})]),
        "URL_TYPE",
    ),
    "unknown style": (message(components=[row(button("a", style=9))]), "style"),
    "no emoji": (message(components=[row(button("a", emoji={"name": "star"}))]), "emoji"),
    "menu beside a button": (message(components=[row(MENU, button("a"))]), "WIDTH"),
    "menu without options": (message(components=[row({**MENU, "options": []})]), "options"),
    "26 options": (
        message(
            components=[
                row({**MENU, "options": [{"label": "a", "value": str(n)} for n in range(26)]})
            ]
        ),
        "options",
    ),
    "option value twice": (
        message(components=[row({**MENU, "options": [{"label": "a", "value": "a"}] * 2})]),
        "OPTION_VALUE_DUPLICATED",
    ),
    "more values than options": (
        message(components=[row({**MENU, "max_values": 3})]),
        "max_values",
    ),
    "least above most": (
        message(components=[row({**MENU, "min_values": 2, "max_values": 1})]),
        "min_values",
    ),
    "placeholder too long": (
        message(components=[row({**MENU, "placeholder": "x" * 151})]),
        "placeholder",
    ),
    "new components without their flag": (message(components=[text()]), "type"),
    "new components with content": (message(flags=V2, components=[text()]), "content"),
    "new components with an embed": (v2(text(), embeds=[{"title": "t"}]), "embeds"),
    "41 components": (v2(*(text() for _ in range(40)), row(button("a"))), "components"),
    "41 nested components": (
        v2({"type": 17, "components": [text() for _ in range(39)]}, text()),
        "MAX_TOTAL",
    ),
    "4001 characters of text": (v2(text("x" * 2001), text("x" * 2000)), "TEXT_SIZE"),
    "gallery without pictures": (v2({"type": 12, "items": []}), "items"),
    "picture that is not there": (
        v2({"type": 12, "items": [{"media": {"url": "attachment://a.png"}}]}),
        "ATTACHMENT_NOT_FOUND",
    ),
    "picture that is no link": (v2({"type": 12, "items": [{"media": {"url": "a.png"}}]}), "URL"),
    "file by link": (v2({"type": 13, "file": {"url": "https://a.b/c"}}), "URL"),
    "eleven embeds": (message(embeds=[{"title": "t"}] * 11), "embeds"),
    "embed title too long": (message(embeds=[{"title": "x" * 257}]), "title"),
    "6001 characters of embeds": (
        message(embeds=[{"description": "x" * 3000}, {"description": "x" * 3001}]),
        "MAX_EMBED_SIZE",
    ),
    "embedded picture that is not there": (
        message(embeds=[{"image": {"url": "attachment://a.png"}}]),
        "URL_TYPE",
    ),
    "empty embed": (message(embeds=[{"color": 1}]), "embeds"),
    "ephemeral in a channel": (message(flags=64), "flags"),
    "unknown flag": (message(flags=1 << 20), "flags"),
    "file that was not sent": (message(attachments=[{"id": 0, "filename": "a"}]), "NOT_FOUND"),
    "nonce too long": (message(nonce="x" * 26), "nonce"),
    "mentions said twice": (
        message(allowed_mentions={"parse": ["users"], "users": ["5"]}),
        "allowed_mentions",
    ),
    "poll": (
        message(poll={"question": {"text": "?"}, "answers": [{"poll_media": {"text": "a"}}]}),
        "poll",
    ),
    "reply to nothing": (message(message_reference={"message_id": "5"}), "message_reference"),
}

# What a registered command must not be.
COMMANDS: dict[str, tuple[Json, str]] = {
    "upper case name": (command(name="Imagine"), "name"),
    "name with a space": (command(name="a b"), "name"),
    "name too long": (command(name="x" * 33), "name"),
    "no description": (command(description=""), "description"),
    "description too long": (command(description="x" * 101), "description"),
    "required after optional": (
        command(option(), option(name="b", required=True)),
        "REQUIRED_INVALID",
    ),
    "option twice": (command(option(), option()), "NAME_ALREADY_EXISTS"),
    "26 options": (command(*(option(name=f"o{n}") for n in range(26))), "options"),
    "26 choices": (
        command(option(choices=[{"name": str(n), "value": str(n)} for n in range(26)])),
        "choices",
    ),
    "choice twice": (command(option(choices=[{"name": "a", "value": "a"}] * 2)), "CHOICE"),
    "choices and completions": (
        command(option(autocomplete=True, choices=[{"name": "a", "value": "a"}])),
        "autocomplete",
    ),
    "upper case option": (command(option(name="Prompt")), "name"),
    "length above 6000": (command(option(max_length=6001)), "max_length"),
    "least above most": (command(option(min_length=9, max_length=3)), "min_length"),
    "options beside a subcommand": (
        command({"type": 1, "name": "a", "description": "d"}, option()),
        "options",
    ),
    "group in a group": (
        command(
            {
                "type": 2,
                "name": "a",
                "description": "d",
                "options": [{"type": 2, "name": "b", "description": "d", "options": []}],
            }
        ),
        "type",
    ),
    "unknown language": (command(name_localizations={"xx": "a"}), "xx"),
    "menu with a description": ({"type": 3, "name": "Menu", "description": "d"}, "description"),
    "8001 characters": (
        command(
            *(
                option(
                    name=f"o{n}",
                    choices=[
                        {"name": "x" * 90 + str(c), "value": "y" * 90 + str(c)} for c in range(25)
                    ],
                )
                for n in range(2)
            )
        ),
        "TOO_LARGE",
    ),
    "unknown field": (command(colour=1), "colour"),
    "unknown context": (command(contexts=[7]), "contexts"),
}

# What a modal must not be.
MODALS: dict[str, tuple[Json, str]] = {
    "title too long": (modal(label(text_input()), title="x" * 46), "title"),
    "six parts": (modal(*(label(text_input(str(n))) for n in range(6))), "components"),
    "label too long": (modal(label(text_input(), label="x" * 46)), "label"),
    "custom id twice": (modal(label(text_input()), label(text_input())), "DUPLICATED"),
    "label within a label": (modal(label(text_input(label="x"))), "label"),
    "row without a label": (modal(row(text_input())), "label"),
    "value too long": (modal(label(text_input(value="xx", max_length=1))), "value"),
    "least above most": (modal(label(text_input(min_length=3, max_length=2))), "min_length"),
    "button": (modal(row(button("a"))), "components"),
    "one radio button": (
        modal(label({"type": 21, "custom_id": "r", "options": [{"label": "a", "value": "a"}]})),
        "options",
    ),
    "eleven files": (modal(label({"type": 19, "custom_id": "f", "max_values": 11})), "max_values"),
    "no parts": (modal(), "components"),
}


# Fields and flags that only one kind of request has.
IN_CHANNELS_ONLY = {"ephemeral in a channel", "nonce too long", "reply to nothing"}


@pytest.mark.parametrize(("body", "part"), MESSAGES.values(), ids=MESSAGES)
async def test_a_bad_message_is_refused_in_a_channel(
    raw: Raw, p: Playground, body: Json, part: str
) -> None:
    sent = await raw.send(body)
    assert (sent.status, sent.code) == (400, 50035)
    assert part in sent.text
    assert not p.messages


@pytest.mark.parametrize("name", sorted(MESSAGES.keys() - IN_CHANNELS_ONLY))
async def test_a_bad_message_is_refused_as_an_answer(raw: Raw, p: Playground, name: str) -> None:
    body, part = MESSAGES[name]
    await raw.register(SLASH)
    it = await p.command("mira", "imagine")
    refused = [await raw.callback(it, 4, body)]
    await raw.callback(it, 5)
    refused.append(await raw.webhook("POST", it, "", body))
    refused.append(await raw.webhook("PATCH", it, "/messages/@original", body))
    assert [(answer.status, answer.code) for answer in refused] == [(400, 50035)] * 3
    assert all(part in answer.text for answer in refused)
    assert it.message
    assert it.message.flags == MessageFlag.LOADING


@pytest.mark.parametrize(("body", "part"), COMMANDS.values(), ids=COMMANDS)
async def test_a_bad_command_is_refused(raw: Raw, p: Playground, body: Json, part: str) -> None:
    sent = await raw.register(body)
    assert (sent.status, sent.code) == (400, 50035)
    assert part in sent.text
    assert not p.world.commands.used


@pytest.mark.parametrize(("body", "part"), MODALS.values(), ids=MODALS)
async def test_a_bad_modal_is_refused(raw: Raw, p: Playground, body: Json, part: str) -> None:
    await raw.register(SLASH)
    answered = await raw.callback(await p.command("mira", "imagine"), 9, body)
    assert (answered.status, answered.code) == (400, 50035)
    assert part in answered.text


async def test_commands_are_limited_in_number_and_unique(raw: Raw) -> None:
    many = [{**SLASH, "name": f"c{n}"} for n in range(101)]
    assert (await raw.register(*many)).code == 30032
    assert (await raw.register(*many[:100])).status == 200
    menus = [{"type": 3, "name": f"Menu {n}"} for n in range(16)]
    assert (await raw.register(*menus)).code == 30032
    assert (await raw.register(*menus[:15])).status == 200
    assert (await raw.register(SLASH, SLASH)).code == 50035


Act = Callable[[Raw, Playground], Any]


async def _expect(answered: Any, status: int, code: int) -> None:
    got = await answered
    assert (got.status, got.code) == (status, code), got.text


async def test_authorization(raw: Raw, p: Playground) -> None:
    path = f"/channels/{p.channel('general')}"
    await _expect(raw.request("GET", path, token=None), 401, 0)
    await _expect(raw.request("GET", path, token="wrong"), 401, 0)
    assert (await raw.request("GET", path)).status == 200


async def test_paths_and_methods(raw: Raw, p: Playground) -> None:
    await _expect(raw.request("GET", "/nowhere"), 404, 0)
    await _expect(raw.request("PUT", "/users/@me"), 405, 0)
    await _expect(raw.request("GET", "/channels/5"), 404, 10003)
    await _expect(raw.request("GET", "/channels/5/messages"), 404, 10003)
    await _expect(raw.request("GET", "/guilds/5"), 404, 10004)
    await _expect(raw.request("GET", f"/guilds/{p.guild}/members/5"), 404, 10007)
    await _expect(raw.request("GET", "/users/5"), 404, 10013)
    await _expect(raw.request("PUT", "/applications/5/commands", []), 404, 10002)
    await _expect(raw.request("GET", "/users/@me?colour=red"), 400, 50035)
    await _expect(raw.request("POST", "/users/@me/channels", data=b"{"), 400, 50109)
    general = f"/channels/{p.channel('general')}/messages"
    await _expect(raw.request("GET", f"{general}/5"), 404, 10008)
    await _expect(raw.request("GET", f"{general}?limit=101"), 400, 50035)


async def test_messages_of_others(raw: Raw, p: Playground) -> None:
    hers = await p.say("mira", "general", "hers")
    await _expect(raw.edit(hers.id, {"content": "mine"}), 403, 50005)
    path = f"/channels/{p.channel('general')}/messages/{hers.id}"
    await _expect(raw.request("DELETE", path), 403, 50013)
    await _expect(raw.request("DELETE", f"{path}/reactions"), 403, 50013)
    await _expect(raw.request("PUT", f"{path}/reactions/star/@me"), 400, 10014)


async def test_permissions(raw: Raw, p: Playground) -> None:
    p.forbid("bot", "art", Permission.ATTACH_FILES)
    assert (await raw.send({"content": "hi"}, "art")).status == 200
    await _expect(raw.send({}, "art", files=[("a.txt", b"x")]), 403, 50013)
    p.forbid("bot", "art", Permission.SEND_MESSAGES)
    await _expect(raw.send({"content": "hi"}, "art"), 403, 50013)
    p.forbid("bot", "art", Permission.VIEW_CHANNEL)
    await _expect(raw.send({"content": "hi"}, "art"), 403, 50001)
    p.permit("bot", "art", Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)
    assert (await raw.send({"content": "hi"}, "art")).status == 200
    await _expect(raw.send({}, "art", files=[("a.txt", b"x")]), 403, 50013)
    p.close_direct_messages("mira")
    await _expect(raw.send({"content": "hi"}, "@mira"), 403, 50007)
    assert (await raw.send({"content": "hi"}, "@otto")).status == 200


async def test_empty_messages(raw: Raw) -> None:
    await _expect(raw.send({}), 400, 50006)
    await _expect(raw.send({"content": ""}), 400, 50006)
    sent = await raw.send({"content": "hi"})
    await _expect(raw.edit(sent.body["id"], {"content": None}), 400, 50006)


async def test_files(raw: Raw, p: Playground) -> None:
    limit = 10 * 1024 * 1024
    assert (await raw.send({}, files=[("a.bin", bytes(limit))])).status == 200
    await _expect(raw.send({}, files=[("a.bin", bytes(limit + 1))]), 413, 40005)
    three = [(f"{n}.bin", bytes(9 * 1024 * 1024)) for n in range(3)]
    await _expect(raw.send({}, files=three), 413, 40005)
    p.upload_limit = 5
    await _expect(raw.send({}, files=[("a.bin", b"123456")]), 413, 40005)
    path = f"/channels/{p.channel('general')}/messages"
    for name in ("files[10]", "files[a]", "file", "files"):
        wrong = form({"content": "hi"}, {name: ("a.txt", b"x")})
        await _expect(raw.request("POST", path, data=wrong), 400, 50035)
    torn = {"Content-Type": "multipart/form-data", "Authorization": f"Bot {p.token}"}
    url = f"{p.url}/api/v10{path}"
    async with raw.session.post(url, data=b"x", headers=torn) as response:
        assert response.status == 400
    listed = {"attachments": [{"id": 1, "filename": "a.txt"}]}
    await _expect(raw.send(listed, files=[("a.txt", b"x")]), 400, 50035)
    unlisted: Json = {"attachments": []}
    await _expect(raw.send(unlisted, files=[("a.txt", b"x")]), 400, 50035)
    twice = {"attachments": [{"id": 0}, {"id": 0}]}
    await _expect(raw.send(twice, files=[("a.txt", b"x")]), 400, 50035)


async def test_the_second_version_of_components_cannot_be_taken_back(raw: Raw) -> None:
    old = await raw.send({"content": "hi"})
    # From the first to the second version, the content must go in the same edit.
    await _expect(raw.edit(old.body["id"], v2(text())), 400, 50035)
    assert (await raw.edit(old.body["id"], v2(text(), content=None))).status == 200
    await _expect(raw.edit(old.body["id"], {"content": "hi"}), 400, 50035)
    await _expect(raw.edit(old.body["id"], {"flags": 0}), 400, 50035)


async def test_one_answer_in_time(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    it = await p.command("mira", "imagine")
    await _expect(raw.webhook("PATCH", it, "/messages/@original", {"content": "x"}), 404, 10015)
    await _expect(raw.webhook("POST", it, "", {"content": "x"}), 404, 10015)
    assert (await raw.callback(it, 4, {"content": "hi"})).status == 200
    await _expect(raw.callback(it, 4, {"content": "hi"}), 400, 40060)
    late = await p.command("mira", "imagine")
    p.clock.advance(3.1)
    await _expect(raw.callback(late, 5), 404, 10062)
    await late.ended()
    assert late.failed == "The application did not respond"
    wrong = await p.command("mira", "imagine")
    path = f"/interactions/{wrong.id}/nonsense/callback"
    await _expect(raw.request("POST", path, {"type": 5}), 404, 10062)


async def test_tokens_die_after_a_quarter_of_an_hour(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    it = await p.command("mira", "imagine")
    await raw.callback(it, 5)
    p.clock.advance(14 * 60)
    edit: Json = {"content": "x"}
    assert (await raw.webhook("PATCH", it, "/messages/@original", edit)).status == 200
    p.clock.advance(61)
    await _expect(raw.webhook("PATCH", it, "/messages/@original", edit), 401, 50027)
    await _expect(raw.webhook("POST", it, "", edit), 401, 50027)
    await _expect(raw.webhook("GET", it, "/messages/@original"), 401, 50027)
    # The message itself lives on, and the bot is its author.
    assert it.message
    assert (await raw.edit(it.message.id, edit)).status == 200


async def test_answers_must_fit_the_interaction(raw: Raw, p: Playground) -> None:
    await raw.register(command(option(autocomplete=True)))
    it = await p.command("mira", "imagine")
    for kind in (1, 6, 8, 7, 12):
        got = await raw.callback(it, kind, {"choices": []} if kind == 8 else None)
        assert (got.status, got.code) == (400, 50035), kind
    await _expect(raw.request("POST", f"/interactions/{it.id}/{it.token}/callback", {}), 400, 50035)
    await _expect(raw.callback(it, 5, {"flags": V2}), 400, 50035)
    await _expect(raw.callback(it, 5, {"content": "x"}), 400, 50035)
    await _expect(raw.callback(it, 4, {"content": ""}), 400, 50006)
    await _expect(raw.callback(it, 4, {"content": "x", "flags": 128}), 400, 50035)
    assert (await raw.callback(it, 9, modal(label(text_input(required=False))))).status == 200
    submitted = await p.submit("mira", it, {})
    again = modal(label(text_input()))
    await _expect(raw.callback(submitted, 9, again), 400, 50035)
    assert (await raw.callback(submitted, 4, {"content": "x", "flags": 64})).status == 200


async def test_completions_must_fit_the_option(raw: Raw, p: Playground) -> None:
    number = option(type=4, name="steps", autocomplete=True)
    await raw.register(command(number))
    it = p.ask_completions("mira", "imagine", {"steps": "1"}, "steps")
    wrong = {"choices": [{"name": "a", "value": "a"}]}
    await _expect(raw.callback(it, 8, wrong), 400, 50035)
    many = {"choices": [{"name": str(n), "value": n} for n in range(26)]}
    await _expect(raw.callback(it, 8, many), 400, 50035)
    await _expect(raw.callback(it, 4, {"content": "x"}), 400, 50035)
    assert (await raw.callback(it, 8, {"choices": [{"name": "1", "value": 1}]})).status == 200
    assert it.choices == [{"name": "1", "value": 1}]


async def test_ephemeral_messages_are_not_in_the_channel(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    it = await p.command("mira", "imagine")
    await raw.callback(it, 4, {"content": "psst", "flags": 64})
    assert it.message
    path = f"/channels/{p.channel('general')}/messages"
    assert (await raw.request("GET", path)).body == []
    await _expect(raw.request("GET", f"{path}/{it.message.id}"), 404, 10008)
    await _expect(raw.edit(it.message.id, {"content": "x"}), 404, 10008)
    assert (await raw.webhook("GET", it, "/messages/@original")).body["content"] == "psst"


async def test_other_webhooks_are_unknown(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    it = await p.command("mira", "imagine")
    await raw.callback(it, 4, {"content": "hi"})
    other = await raw.send({"content": "not an answer"})
    tail = f"/messages/{other.body['id']}"
    await _expect(raw.webhook("PATCH", it, tail, {"content": "x"}), 404, 10008)
    path = f"/webhooks/5/{it.token}/messages/@original"
    await _expect(raw.request("GET", path, token=None), 404, 10015)
    path = f"/webhooks/{APPLICATION_ID}/nonsense/messages/@original"
    await _expect(raw.request("GET", path, token=None), 401, 50027)


async def test_every_refusal_is_counted_and_explained(raw: Raw, p: Playground) -> None:
    await raw.send({"content": "x" * 2001})
    await raw.send({"content": "hi"})
    bad, good = p.journal
    assert (bad.verdict, bad.validated, good.verdict) == ("refused", True, "ok")
    assert "content: Must be 2000 or fewer in length." in bad.reason
    assert (p.validated, p.refused) == (2, 1)
