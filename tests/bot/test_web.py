"""The painting page over HTTP: who is let in, what is taken, and what is said."""

import asyncio
import io
import logging
import re
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image

from bot.errors import NotAllowedError
from bot.painting import web
from bot.painting.tokens import LIFE, PageToken, TokenSigner
from bot.painting.web import LARGEST_BODY, LONGEST_PROMPT, PaintingPage
from bot.text import sentences
from bot.text.languages import LANGUAGES, catalogue
from generation.untrusted.masks import clean_mask
from prompt.reading.grammar import parse
from storage.files import MissingFileError
from storage.queue.limits import Excess, LimitReachedError
from storage.settings import SettingsError
from tests.bot.test_tokens import PLAIN

SECRET = "a-token-that-nobody-may-see"


class Desk:
    """Takes what visitors bring as the real one does, and notes it."""

    def __init__(self) -> None:
        self.signer = TokenSigner(SECRET)
        self.taken: list[tuple[PageToken, bytes, str]] = []
        self.refusal: Exception | None = None
        self.notes: Sequence[str] = ()

    async def read_prompt(self, given: PageToken) -> str:
        return f"a <cat> & job {given.job[:4]}"

    async def load_picture(self, given: PageToken) -> bytes:
        if self.refusal:
            raise self.refusal
        return b"webp of " + given.job.encode()

    async def submit(self, given: PageToken, mask: bytes, words: str) -> Sequence[str]:
        if self.refusal:
            raise self.refusal
        parse(words)
        self.taken.append((given, clean_mask(mask), words))
        return self.notes

    def strip_markup(self, said: str) -> str:
        return said.replace("`", "")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest_asyncio.fixture
async def visitor(desk: Desk) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(PaintingPage(desk).build_application())) as client:
        yield client


def given(**changes: Any) -> PageToken:
    expires = datetime.now(UTC).replace(microsecond=0) + LIFE
    return replace(PLAIN, expires=expires, **changes)


def shown(desk: Desk, it: PageToken | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {desk.signer.write(it or given())}"}


def mask(colour: int = 255, size: tuple[int, int] = (30, 20)) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


WHITE = mask()


def filled(image: bytes | io.BytesIO = WHITE, prompt: str = "a hat --ar 3:2") -> FormData:
    form = FormData()
    form.add_field("mask", image, filename="mask.png", content_type="image/png")
    form.add_field("prompt", prompt)
    return form


async def said(response: aiohttp.ClientResponse) -> str:
    return str((await response.json())["said"])


async def test_the_bearer_of_a_pass_sees_picture_and_prompt(
    visitor: TestClient[Any, Any], desk: Desk
) -> None:
    sheet = await visitor.get("/paint/sheet", headers=shown(desk))
    assert (sheet.status, await sheet.json()) == (200, {"prompt": "a <cat> & job 0123"})
    picture = await visitor.get("/paint/picture", headers=shown(desk))
    assert (picture.status, picture.content_type) == (200, "image/webp")
    assert await picture.read() == b"webp of " + PLAIN.job.encode()


async def test_what_is_painted_arrives_with_the_words(
    visitor: TestClient[Any, Any], desk: Desk
) -> None:
    desk.notes = ("`--ar` has no effect here.",)
    it = given()
    answer = await visitor.post("/paint/job", data=filled(), headers=shown(desk, it))
    assert answer.status == 201
    assert await said(answer) == f"{sentences.PAGE_QUEUED}\n--ar has no effect here."
    assert desk.taken == [(it, clean_mask(mask()), "a hat --ar 3:2")]


PATHS = [("GET", "sheet"), ("GET", "picture"), ("POST", "job")]


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("how", ["none", "altered", "foreign", "other scheme", "expired", "query"])
async def test_nobody_else_is_let_in(
    visitor: TestClient[Any, Any], desk: Desk, method: str, path: str, how: str
) -> None:
    good = desk.signer.write(given())
    late = desk.signer.write(replace(PLAIN, expires=datetime.now(UTC) - timedelta(seconds=1)))
    header = {
        "none": "",
        "altered": f"Bearer {good[:-1]}{'A' if good[-1] != 'A' else 'B'}",
        "foreign": f"Bearer {TokenSigner('another').write(given())}",
        "other scheme": f"Basic {good}",
        "expired": f"Bearer {late}",
        "query": "",
    }[how]
    query = f"?pass={good}" if how == "query" else ""
    answer = await visitor.request(
        method, f"/paint/{path}{query}", headers={"Authorization": header}, data=filled()
    )
    assert answer.status == 403
    expected = sentences.LINK_EXPIRED if how == "expired" else sentences.LINK_BROKEN
    assert await said(answer) == expected
    assert "Vary (Region)" in expected
    assert desk.taken == []


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        (filled(mask(0)), 422, sentences.NOTHING_PAINTED),
        (filled(b"<svg>"), 422, "is not an image"),
        (filled(mask()[:50]), 422, "damaged"),
        (filled(mask(size=(4096, 4096))), 422, "megapixels"),
        (filled(io.BytesIO(bytes(LARGEST_BODY))), 422, "MiB"),
        (filled(prompt="a cat --chaos 900"), 422, "from 0 to 100"),
        (filled(prompt="x" * (LONGEST_PROMPT + 1)), 400, ""),
        (FormData({"prompt": "a cat"}), 400, ""),
        (FormData({"mask": "text", "prompt": "a cat"}), 400, ""),
        (b"\x00 no form", 400, ""),
    ],
    ids=lambda value: "" if not isinstance(value, str) else value[:20],
)
async def test_what_cannot_be_used_is_refused_in_a_sentence(
    visitor: TestClient[Any, Any], desk: Desk, form: Any, status: int, words: str
) -> None:
    answer = await visitor.post("/paint/job", data=form, headers=shown(desk))
    assert answer.status == status
    assert words in await said(answer)
    assert desk.taken == []


@pytest.mark.parametrize(
    ("refusal", "status", "words"),
    [
        (NotAllowedError("On this server pictures are made in `art`."), 422, "made in art."),
        (LimitReachedError(Excess("unfinished", 3, 3, 1)), 422, "You have 3 jobs queued"),
        (MissingFileError("0" * 64), 422, "no longer stored"),
        (ZeroDivisionError("a secret /path"), 500, "this code"),
    ],
)
async def test_refusals_read_as_in_discord(
    visitor: TestClient[Any, Any], desk: Desk, refusal: Exception, status: int, words: str
) -> None:
    desk.refusal = refusal
    answer = await visitor.post("/paint/job", data=filled(), headers=shown(desk))
    assert answer.status == status
    text = await said(answer)
    assert words in text
    assert "secret" not in text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_speaks_the_language_of_its_link(
    visitor: TestClient[Any, Any], desk: Desk, language: str
) -> None:
    text = await (await visitor.get(f"/paint/?in={language}")).text()
    assert f'<html lang="{language}">' in text
    assert catalogue(language)[sentences.PAGE_LASSO] in text
    assert "$" not in text
    answer = await visitor.get("/paint/sheet", headers={"Accept-Language": language})
    assert await said(answer) == catalogue(language)[sentences.LINK_BROKEN]
    headers = shown(desk) | {"Accept-Language": language}
    queued = await visitor.post("/paint/job", data=filled(), headers=headers)
    assert await said(queued) == catalogue(language)[sentences.PAGE_QUEUED]


@pytest.mark.parametrize("query", ["", "?in=", "?in=xx", '?in="><script>alert(1)</script>'])
async def test_any_other_language_is_english_and_harmless(
    visitor: TestClient[Any, Any], query: str
) -> None:
    text = await (await visitor.get(f"/paint/{query}")).text()
    assert "Lasso" in text
    assert "<script>" not in text


@pytest.mark.parametrize(
    "path", ["", "page.css", "page.js", "board.js", "icon.svg", "sheet", "job", "nothing"]
)
async def test_every_answer_forbids_what_the_page_does_not_need(
    visitor: TestClient[Any, Any], path: str
) -> None:
    answer = await visitor.get(f"/paint/{path}")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["index.html", "..%2fpage.py", "%2e%2e/page.py", ".env"])
async def test_no_other_file_is_served(visitor: TestClient[Any, Any], path: str) -> None:
    assert (await visitor.get(f"/paint/{path}")).status == 404


async def test_another_sites_request_cannot_carry_a_pass(
    visitor: TestClient[Any, Any],
) -> None:
    """A header of its own makes a browser ask first, and the answer is no."""
    asked = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = await visitor.options("/paint/job", headers=asked)
    assert answer.status == 405
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_the_page_loads_nothing_from_elsewhere() -> None:
    for file in (Path(web.__file__).parent / "static").iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|url\(", text), file.name
        assert not re.search(r"""\son[a-z]+=|style=["']""", text), file.name


async def test_nothing_that_is_secret_is_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    desk.refusal = ZeroDivisionError("a fault")
    text = desk.signer.write(given())
    served = PaintingPage(desk)
    await served.start("127.0.0.1", port := _free())
    try:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{port}/paint/"
            headers = {"Authorization": f"Bearer {text}"}
            assert (await session.get(url + "picture", headers=headers)).status == 500
            assert (await session.get(url + f"sheet?{text}")).status == 403
            raw = f"GET /paint/ HTTP/1.1\r\nAuthorization Bearer {text}\r\n\r\n"
            assert b"400" in await _raw(port, raw)
    finally:
        await served.stop()
    logged = caplog.text + "".join(capsys.readouterr())
    assert "unexpected" in logged
    assert text not in logged
    assert SECRET not in logged


async def test_a_port_that_is_taken_is_one_sentence(desk: Desk) -> None:
    first, second = PaintingPage(desk), PaintingPage(desk)
    await first.start("127.0.0.1", port := _free())
    try:
        with pytest.raises(SettingsError, match=rf"EASEL_PAGE_PORT.*{port} may be taken"):
            await second.start("127.0.0.1", port)
    finally:
        await second.stop()
        await first.stop()


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def _raw(port: int, text: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    answer = await asyncio.wait_for(reader.read(100), 10)
    writer.close()
    return answer
