"""The cut of Discord's description."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from playground.protocol import schema
from playground.protocol.operations import CUT, UNDOCUMENTED, errors_of, operations
from playground.protocol.refusals import RefusedError
from playground.transport.rest import match
from playground.transport.routing import HANDLERS

FULL = Path(os.environ.get("DISCORD_OPENAPI", "../shared/discord/openapi.json"))


@pytest.mark.skipif(not FULL.is_file(), reason="the full description is not here")
def test_the_cut_is_what_the_full_description_gives() -> None:
    small = schema.cut(json.loads(FULL.read_text("utf-8")))
    assert CUT.read_text("utf-8") == schema.text_of(small)


def test_the_cut_carries_its_licence() -> None:
    notice = json.loads(CUT.read_text("utf-8"))["notice"]
    assert "MIT License" in notice
    assert "Copyright 2023 Discord" in notice


def test_every_operation_is_answered() -> None:
    known = schema.OPERATIONS | {
        operation["operationId"] for item in UNDOCUMENTED.values() for operation in item.values()
    }
    assert HANDLERS.keys() == known
    assert {operation.name for operation in operations()} == known


def test_an_operation_that_is_gone_is_named() -> None:
    with pytest.raises(schema.DescriptionChangedError) as caught:
        schema.cut({"paths": {}, "components": {"schemas": {}}, "info": {}})
    assert caught.value.missing == tuple(sorted(schema.OPERATIONS))


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/users/@me", "get_my_user"),
        ("GET", "/users/5", "get_user"),
        ("PATCH", "/webhooks/5/tok-en/messages/%40original", "update_original_webhook_message"),
        ("PATCH", "/webhooks/5/tok-en/messages/6", "update_webhook_message"),
        ("PUT", "/channels/5/messages/6/reactions/%E2%AD%90/%40me", "add_my_message_reaction"),
        ("DELETE", "/channels/5/messages/6/reactions/a/7", "delete_user_message_reaction"),
    ],
)
def test_paths(method: str, path: str, name: str) -> None:
    assert match(method, path)[0].name == name


def test_paths_that_are_not() -> None:
    for method, path, status in (("GET", "/users/me", 404), ("PUT", "/users/@me", 405)):
        with pytest.raises(RefusedError) as caught:
            match(method, path)
        assert caught.value.status == status


def test_emoji_in_paths_are_decoded() -> None:
    path = "/channels/5/messages/6/reactions/%E2%9C%89%EF%B8%8F/@me"
    assert match("PUT", path)[1]["emoji_name"] == "✉️"


def test_errors_name_the_branch_that_was_meant() -> None:
    body = {operation.name: operation.body for operation in operations()}["create_message"]
    assert body
    wrong = {"components": [{"type": 1, "components": [{"type": 2, "style": 1, "label": 5}]}]}
    [error] = errors_of(body, wrong)
    assert list(error.absolute_path) == ["components", 0, "components", 0, "label"]


def test_snowflakes_may_be_integers_but_not_words() -> None:
    body = {operation.name: operation.body for operation in operations()}["create_dm"]
    assert body
    assert not errors_of(body, {"recipient_id": 5})
    assert not errors_of(body, {"recipient_id": "5"})
    assert errors_of(body, {"recipient_id": "five"})
    assert errors_of(body, {"recipient_id": -5})
