"""The painting page over HTTP: who is let in, what is taken, and what is said."""

import asyncio
import contextlib
import gzip
import io
import re
from collections.abc import AsyncIterator, Callable, Sequence
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
from bot.web import connections
from bot.web.site import Site
from generation.untrusted.masks import clean_mask
from prompt.reading.grammar import parse
from storage.files import MissingFileError
from storage.queue.limits import Excess, LimitReachedError
from storage.settings import SettingsError
from tests.bot.test_tokens import PLAIN
from tests.conftest import Log
from tests.ports import free_port

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
        self.taken.append((given, clean_mask(mask, (30, 20)), words))
        return self.notes

    def strip_markup(self, said: str) -> str:
        return said.replace("`", "")


def serve(desk: Desk) -> Site:
    """The page, with a site around it."""
    return Site([PaintingPage(desk)], desk.strip_markup, LARGEST_BODY)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest_asyncio.fixture
async def visitor(desk: Desk) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(serve(desk).build_application())) as client:
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
    assert desk.taken == [(it, clean_mask(mask(), (30, 20)), "a hat --ar 3:2")]


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
    # What is of nobody's may be kept, if it is asked for again.
    kept = "no-cache" if "." in path else "no-store"
    assert answer.headers["Cache-Control"] == kept
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
    desk: Desk, logged: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.refusal = ZeroDivisionError("a fault")
    text = desk.signer.write(given())
    served = serve(desk)
    await served.start("127.0.0.1", port := free_port())
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
    written = logged.text + "".join(capsys.readouterr())
    assert "unexpected" in written
    assert text not in written
    assert SECRET not in written


async def test_a_port_that_is_taken_is_one_sentence(desk: Desk) -> None:
    first, second = serve(desk), serve(desk)
    await first.start("127.0.0.1", port := free_port())
    try:
        with pytest.raises(SettingsError, match=rf"EASEL_PAGE_PORT.*{port} may be taken"):
            await second.start("127.0.0.1", port)
    finally:
        await second.stop()
        await first.stop()


async def _raw(port: int, text: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    answer = await asyncio.wait_for(reader.read(100), 10)
    writer.close()
    return answer


@pytest_asyncio.fixture
async def page(desk: Desk) -> AsyncIterator[int]:
    """The port of the page as it is served."""
    served = serve(desk)
    await served.start("127.0.0.1", port := free_port())
    yield port
    await served.stop()


HEAD = "GET /paint/ HTTP/1.1\r\nHost: a\r\n"
FORM = (
    "POST /paint/job HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\n"
    "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9\r\n\r\n1"
)


async def _open(port: int, text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    return reader, writer


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Everything until the other side ends the connection, however it does."""
    with contextlib.suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 10)
    return b""


async def test_half_sent_heads_make_room_for_those_who_ask(page: int) -> None:
    waiting = [await _open(page, HEAD) for _ in range(connections.MOST + 5)]
    assert await asyncio.gather(*(_rest(reader) for reader, _ in waiting[:5])) == [b""] * 5
    reader, asking = await _open(page, HEAD + "\r\n")
    assert b"200 OK" in await _rest(reader)
    for _, writer in (*waiting, (None, asking)):
        writer.close()


@pytest.mark.parametrize(("sent", "answer"), [("", b""), (HEAD, b""), (FORM, b"HTTP/1.1 408")])
async def test_what_is_not_sent_to_its_end_is_not_waited_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, sent: str, answer: bytes
) -> None:
    if not answer:
        monkeypatch.setattr(connections, "HEAD_PATIENCE", 0.05)
    monkeypatch.setattr(connections, "_LINGERING", 0.05)
    monkeypatch.setattr(web, "PATIENCE", 0.05)
    served = serve(desk)
    await served.start("127.0.0.1", port := free_port())
    try:
        reader, writer = await _open(port, sent.format(shown(desk)["Authorization"]))
        assert (await _rest(reader))[:12] == answer
        writer.close()
    finally:
        await served.stop()


async def test_who_does_not_read_is_cut_off(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LIFE", 1.0)
    picture = bytes(50_000_000)
    monkeypatch.setattr(desk, "load_picture", lambda _: asyncio.sleep(0, picture))
    served = serve(desk)
    await served.start("127.0.0.1", port := free_port())
    token = f"Authorization: Bearer {desk.signer.write(given())}\r\n"
    try:
        _, writer = await _open(port, f"GET /paint/picture HTTP/1.1\r\nHost: a\r\n{token}\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        open_ = served._connections
        assert open_
        await _until(lambda: bool(open_._heard))
        await _until(lambda: not open_._heard)
        writer.close()
    finally:
        await served.stop()


async def _until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not look():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


FIELD = 'Content-Disposition: form-data; name="{}"\r\n'
RUBBISH = {
    "no parts": "",
    "another boundary": "--c\r\n\r\n--c--\r\n",
    "no end": "--b\r\n" + FIELD.format("mask") + "\r\nabc",
    "no headers": "--b\r\n\r\nabc\r\n--b--\r\n",
    "headers that are none": "--b\r\nabc\r\n\xff: \r\n\r\n--b--\r\n",
    "a field twice": ("--b\r\n" + FIELD.format("prompt") + "\r\na\r\n") * 2 + "--b--\r\n",
    "another field": "--b\r\n" + FIELD.format("more") + "\r\na\r\n--b--\r\n",
    "forms in a form": "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
    "words that are none": "--b\r\n" + FIELD.format("mask") + "\r\na\r\n--b\r\n"
    "" + FIELD.format("prompt") + "\r\n\xff\xfe\r\n--b--\r\n",
    "many files": ("--b\r\n" + FIELD.format("mask").strip() + '; filename="a"\r\n\r\na\r\n') * 999,
    "an encoding": "--b\r\nContent-Transfer-Encoding: x\r\n"
    + FIELD.format("mask")
    + "\r\na\r\n--b--",
}


@pytest.mark.parametrize("sent", RUBBISH.values(), ids=RUBBISH)
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=b", "text/a"])
async def test_rubbish_is_the_sender_s_fault(
    visitor: TestClient[Any, Any], desk: Desk, sent: str, kind: str
) -> None:
    headers = shown(desk) | {"Content-Type": kind}
    answer = await visitor.post("/paint/job", data=sent.encode("latin-1"), headers=headers)
    assert answer.status == 400
    assert answer.headers["Server"] == "Easel"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
async def test_what_is_packed_is_not_unpacked(
    visitor: TestClient[Any, Any], desk: Desk, encoding: str
) -> None:
    kind = "multipart/form-data; boundary=b"
    headers = shown(desk) | {"Content-Encoding": encoding, "Content-Type": kind}
    body = gzip.compress(bytes(50_000_000))
    answer = await visitor.post("/paint/job", data=body, headers=headers, compress=None)
    assert answer.status in {400, 415}


@pytest.mark.parametrize(
    "request_",
    [HEAD + "no head\r\n\r\n", "\x00\r\n\r\n", HEAD + "Expect: a\r\n\r\n"],
)
async def test_no_answer_tells_what_serves_it(page: int, request_: str) -> None:
    reader, writer = await _open(page, request_)
    answer = await _rest(reader)
    assert answer[:10] in {b"HTTP/1.0 4", b"HTTP/1.1 4"}
    assert b"Server: Easel\r\n" in answer
    assert b"aiohttp" not in answer
    writer.close()


async def test_languages_that_strangers_invent_are_not_kept(visitor: TestClient[Any, Any]) -> None:
    await visitor.get("/paint/?in=en")
    before = catalogue.cache_info().currsize
    for number in range(30):
        await visitor.get(f"/paint/?in=x{number}")
        await visitor.get("/paint/", headers={"Accept-Language": f"y{number}"})
    assert catalogue.cache_info().currsize == before
