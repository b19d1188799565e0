"""Who is signed in: what a cookie tells, for how long, and to whom."""

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.errors import NotSignedInError
from bot.web.sessions import LIFE, Cookies, Session, Sessions
from bot.web.sign_in import MOST_SERVERS

NOW = datetime.now(UTC).replace(microsecond=0)
MANY = tuple(range(2**62, 2**62 + MOST_SERVERS))
MIRA = Session(1140000000000000101, "Mira", MANY, NOW + LIFE)


def _set(address: str, session: Session) -> SimpleCookie:
    response = web.Response()
    Sessions("secret", Cookies(address)).write(response, session)
    return response.cookies


@pytest.mark.parametrize(
    ("address", "name", "secure"),
    [
        ("https://easel.example.org", "__Host-easel-session", True),
        ("http://127.0.0.1:8766", "easel-session", False),
    ],
)
def test_the_cookie_is_of_this_host_alone_and_no_script_reads_it(
    address: str, name: str, secure: object
) -> None:
    (cookie,) = _set(address, MIRA).values()
    assert cookie.key == name
    assert (cookie["path"], cookie["domain"], cookie["secure"]) == ("/", "", secure)
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert len(cookie.value) < 4000


def _read(text: str, secret: str = "secret") -> Session:
    request = make_mocked_request("GET", "/", headers={"Cookie": f"easel-session={text}"})
    return Sessions(secret, Cookies("http://127.0.0.1")).read(request)


def test_a_session_is_read_as_it_was_written_until_it_is_over() -> None:
    (cookie,) = _set("http://127.0.0.1", MIRA).values()
    assert _read(cookie.value) == MIRA
    (late,) = _set("http://127.0.0.1", Session(1, "M", (), NOW - timedelta(seconds=1))).values()
    for text, secret in (
        (cookie.value, "other"),
        (cookie.value[:-1], "secret"),
        (late.value, "secret"),
        ("", "secret"),
    ):
        with pytest.raises(NotSignedInError):
            _read(text, secret)
