"""What goes wrong on demand, and the rate limits that every answer tells."""

from __future__ import annotations

import aiohttp
import pytest

from playground import Playground
from tests.playground.conftest import SLASH, Raw

LIMIT_HEADERS = ("Limit", "Remaining", "Reset", "Reset-After", "Bucket")


async def test_every_answer_tells_the_rate_limit(raw: Raw, p: Playground) -> None:
    p.faults.window = 60.0
    for answered in (await raw.send({"content": "hi"}), await raw.send({"content": ""})):
        assert all(f"X-RateLimit-{name}" in answered.headers for name in LIMIT_HEADERS)
    assert answered.headers["X-RateLimit-Limit"] == "50"
    assert answered.headers["X-RateLimit-Remaining"] == "48"
    assert 0 < float(answered.headers["X-RateLimit-Reset-After"]) <= p.faults.window


async def test_first_answers_belong_to_no_bucket(raw: Raw, p: Playground) -> None:
    await raw.register(SLASH)
    p.faults.limit, p.faults.window = 1, 60.0
    for _ in range(3):
        answered = await raw.callback(await p.command("mira", "imagine"), 5)
        assert answered.status == 200
        assert "X-RateLimit-Bucket" not in answered.headers


async def test_too_many_requests_are_told_to_wait(raw: Raw, p: Playground) -> None:
    p.faults.limit, p.faults.window = 2, 60.0
    statuses = [(await raw.send({"content": str(n)})).status for n in range(3)]
    assert statuses == [200, 200, 429]
    assert [m.content for m in p.messages] == ["0", "1"]
    # Another channel has a limit of its own.
    assert (await raw.send({"content": "hi"}, "art")).status == 200


async def test_a_429_says_how_long_and_comes_through_a_proxy(raw: Raw, p: Playground) -> None:
    p.faults.next("POST", "/messages$", status=429, retry_after=1.5)
    limited = await raw.send({"content": "hi"})
    assert limited.status == 429
    assert limited.body["retry_after"] == 1.5
    assert limited.body["global"] is False
    assert limited.headers["Via"]
    assert limited.headers["Retry-After"] == "1.5"
    p.faults.next("*", "/messages$", status=429, via=False, everywhere=True)
    limited = await raw.send({"content": "hi"})
    assert "Via" not in limited.headers
    assert limited.headers["X-RateLimit-Global"] == "true"
    assert not p.messages
    assert (await raw.send({"content": "hi"})).status == 200


async def test_a_fault_has_a_code_and_may_meet_files_alone(raw: Raw, p: Playground) -> None:
    p.faults.next("POST", "/messages$", status=400, code=200000)
    refused = await raw.send({"content": "hi"})
    assert (refused.status, refused.body["code"]) == (400, 200000)
    p.faults.next("POST", "/messages$", status=429, code=30046)
    assert (await raw.send({"content": "hi"})).body["code"] == 30046
    p.faults.next("POST", "/messages$", status=413, code=40005, files=True)
    assert (await raw.send({"content": "hi"})).status == 200
    assert not p.faults.take("POST", "/channels/1/messages", files=False)
    assert p.faults.take("POST", "/channels/1/messages", files=True)


async def test_a_fault_meets_as_many_requests_as_asked(raw: Raw, p: Playground) -> None:
    p.faults.next("POST", "/messages$", status=503, times=2)
    statuses = [(await raw.send({"content": "hi"})).status for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert [request.verdict for request in p.journal] == ["fault", "fault", "ok"]


@pytest.mark.parametrize(("when", "made"), [("before", 0), ("after", 1)])
async def test_a_connection_is_cut_before_or_after_the_effect(
    raw: Raw, p: Playground, when: str, made: int
) -> None:
    p.faults.next("POST", "/messages$", reset=when)  # type: ignore[arg-type]
    with pytest.raises(aiohttp.ClientError):
        await raw.send({"content": "hi"})
    assert len(p.messages) == made
    assert (await raw.send({"content": "hi"})).status == 200


async def test_an_error_after_the_effect(raw: Raw, p: Playground) -> None:
    p.faults.next("POST", "/messages$", status=500, after=True)
    body = {"content": "hi", "nonce": "7", "enforce_nonce": True}
    assert (await raw.send(body)).status == 500
    # Sent again with the same nonce, the first message comes back instead of a second one.
    again = await raw.send(body)
    assert [m.id for m in p.messages] == [int(again.body["id"])]
    p.clock.advance(301)
    assert (await raw.send(body)).body["id"] != again.body["id"]


async def test_a_delay(raw: Raw, p: Playground) -> None:
    p.faults.next("POST", "/messages$", delay=0.2)
    await raw.send({"content": "hi"})
    assert p.journal[0].seconds >= 0.2


async def test_a_refused_request_is_refused_in_spite_of_a_fault(raw: Raw, p: Playground) -> None:
    p.faults.next("POST", "/messages$", status=500)
    assert (await raw.send({"colour": "red"})).status == 400
