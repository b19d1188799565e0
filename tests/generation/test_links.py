import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from generation.untrusted.addresses import PrivateAddressError, make_guarded_connector
from generation.untrusted.clean import Limits
from generation.untrusted.fetch import (
    LinkNotFoundError,
    LinkRefusedError,
    LinkTimeoutError,
    LinkUnreachableError,
    Refusal,
    fetch,
    has_expired,
)
from generation.untrusted.image_errors import ImageError, ImageTooLargeError

PUBLIC = "93.184.216.34"

NUMERIC = [
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1:{port}./",
    "http://127.0.0.1.:{port}/",
    "http://127.1:{port}/",
    "http://127.0.1:{port}/",
    "http://127.127.127.127:{port}/",
    "http://2130706433:{port}/",
    "http://4425673729:{port}/",
    "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0177.1:{port}/",
    "http://0x7f000001:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://0x7f.1:{port}/",
    "http://0X7F.0X0.0X0.0X1:{port}/",
    "http://127.0x0.0.01:{port}/",
    "http://00000127.0.0.1:{port}/",
    "http://127.0.0.1%00.example.com:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://127%2e0%2e0%2e1:{port}/",
    "http://127。0。0。1:{port}/",
    "http://127．0．0．1:{port}/",
    "http://①②⑦.⓪.⓪.①:{port}/",
    "http://１２７.0.0.1:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://0.0.0.0.:{port}/",
    "http://169.254.169.254:{port}/latest/meta-data/",
    "http://2852039166:{port}/",
    "http://0xa9fea9fe:{port}/",
    "http://0251.0376.0251.0376:{port}/",
    "http://10.0.0.1:{port}/",
    "http://172.16.0.1:{port}/",
    "http://192.168.0.1:{port}/",
    "http://100.64.0.1:{port}/",
    "http://198.18.0.1:{port}/",
    "http://224.0.0.1:{port}/",
    "http://255.255.255.255:{port}/",
    "http://[::1]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[0:0:0:0:0:ffff:7f00:0001]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[64:ff9b:1::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://[fd00:ec2::254]:{port}/",
    "http://[ff02::1]:{port}/",
    "http://[::1%25lo]:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "hTTp://LocalHost:{port}/",
    "http://localhost:{port}/",
    "http://localhost.:{port}/",
]

NAMED = [
    "http://inside.example:{port}/",
    "http://metadata.example:{port}/",
    "http://mixed.example:{port}/",
    "http://mixed6.example:{port}/",
    "http://mapped.example:{port}/",
    "http://zero.example:{port}/",
    "http://INSIDE.EXAMPLE.:{port}/",
    "http://пример.example:{port}/",
]

ODD = [
    "file:///etc/passwd",
    "file://localhost/etc/passwd",
    "data:image/png;base64,iVBORw0KGgo=",
    "gopher://127.0.0.1:{port}/_GET",
    "ftp://127.0.0.1:{port}/a.png",
    "dict://127.0.0.1:{port}/",
    "ws://127.0.0.1:{port}/",
    "unix:///run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/",
    "javascript:alert(1)",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}/a.png",
    "http:/127.0.0.1:{port}/",
    "http:127.0.0.1:{port}",
    "http:///127.0.0.1:{port}/",
    "http://user:secret@127.0.0.1:{port}/",
    "http://cdn.discordapp.com@127.0.0.1:{port}/",
    "http://cdn.discordapp.com:443@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@cdn.discordapp.com/",
    "http://cdn.discordapp.com\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}#@cdn.discordapp.com/",
    "http://127.0.0.1:{port}?@cdn.discordapp.com/",
    "http://:{port}/",
    "http://:@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}:80/",
    "http://[::1:{port}/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:-1/",
    "http://127.0.0.1:0/",
    "http://1.1.1.1:22/",
    "http://1.1.1.1:25/",
    "http://",
    "https://",
    "http",
    "",
    " ",
    "http://127.0.0.1:{port}/\n\rX: y",
    "http://127.0.0.1 :{port}/",
    "\x00",
]

NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "inside.example": ["127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "mixed6.example": [PUBLIC, "::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "zero.example": ["0.0.0.0"],
    "xn--e1afmkfd.example": ["127.0.0.1"],
    "public.example": [PUBLIC],
}


@dataclass
class Names:
    """The name server of these tests; an address list is given out in turns if there are more."""

    table: dict[str, list[list[str]]] = field(
        default_factory=lambda: {name: [found] for name, found in NAMES.items()}
    )
    asked: list[str] = field(default_factory=list)

    def lookup(self, host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        name = host.rstrip(".").lower()
        with suppress(OSError):
            return [self._entry(socket.inet_ntoa(socket.inet_aton(name)), port)]
        turns = self.table.get(name)
        if not turns:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        found = turns.pop(0) if len(turns) > 1 else turns[0]
        return [self._entry(address, port) for address in found]

    def _entry(self, address: str, port: int) -> tuple[object, ...]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        place = (address, port, 0, 0) if ":" in address else (address, port)
        return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", place)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    served = Names()
    monkeypatch.setattr(socket, "getaddrinfo", served.lookup)
    return served


@dataclass
class Listener:
    """A service inside the network that no link may reach."""

    port: int
    connections: int = 0


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    bound = Listener(0)

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bound.connections += 1
        writer.close()

    sockets = [socket.create_server(("0.0.0.0", 0))]
    bound.port = sockets[0].getsockname()[1]
    with suppress(OSError):
        sockets.append(socket.create_server(("::", bound.port), family=socket.AF_INET6))
    servers = [await asyncio.start_server(count, sock=sock) for sock in sockets]
    yield bound
    for server in servers:
        server.close()


@pytest.mark.parametrize("url", [*NUMERIC, *NAMED])
async def test_no_link_reaches_inside(url: str, listener: Listener) -> None:
    with pytest.raises(LinkRefusedError) as caught:
        await fetch(url.format(port=listener.port))
    assert caught.value.reason in {Refusal.PRIVATE, Refusal.MALFORMED, Refusal.CREDENTIALS}
    assert listener.connections == 0


@pytest.mark.parametrize("url", ODD)
async def test_no_odd_link_is_followed(url: str, listener: Listener) -> None:
    with pytest.raises(LinkRefusedError):
        await fetch(url.format(port=listener.port))
    assert listener.connections == 0


async def test_the_battery_would_reach_a_listener_without_the_guard(listener: Listener) -> None:
    """That the listener counts at all, so that its zeros above mean something."""
    with pytest.raises(LinkUnreachableError):
        await fetch(
            f"http://127.0.0.1:{listener.port}/",
            allowed_origins=[f"http://127.0.0.1:{listener.port}"],
        )
    assert listener.connections > 0


async def test_the_last_gate_stands_alone(listener: Listener) -> None:
    """Even were the name's check fooled, no socket is made for a private address."""
    connector = make_guarded_connector()
    make_socket = connector._socket_factory
    assert make_socket is not None
    place = ("127.0.0.1", listener.port)
    with pytest.raises(PrivateAddressError):
        make_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", place))
    make_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (PUBLIC, 80))).close()
    await connector.close()


async def test_a_name_is_resolved_once_for_each_connection(names: Names) -> None:
    """A second answer that differs from the checked one is never asked for."""
    names.table["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
    connector = make_guarded_connector()
    found = await connector._resolver.resolve("rebind.example", 80, socket.AF_INET)
    assert [address["host"] for address in found] == [PUBLIC]
    with pytest.raises(PrivateAddressError):
        await connector._resolver.resolve("rebind.example", 80, socket.AF_INET)
    assert names.asked == ["rebind.example", "rebind.example"]
    await connector.close()


async def test_a_name_that_nobody_knows_is_unreachable() -> None:
    with pytest.raises(LinkUnreachableError) as caught:
        await fetch("http://nowhere.example/a.png")
    assert caught.value.host == "nowhere.example"


async def test_only_listed_hosts_where_there_is_a_list(names: Names) -> None:
    with pytest.raises(LinkRefusedError) as caught:
        await fetch("http://public.example/a.png", only_hosts={"cdn.discordapp.com"})
    assert caught.value.reason is Refusal.NOT_LISTED
    assert names.asked == []


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def site(handler: Handler) -> AsyncIterator[str]:
    """A site at an origin that fetch is allowed to reach, serving every path with ``handler``."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}"


async def test_the_bytes_of_an_allowed_origin_arrive() -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.Response(body=b"picture", headers={"Set-Cookie": "a=b"})

    async with site(handler) as origin:
        for _ in range(2):
            assert await fetch(f" {origin}/a.png?x=1#f ", allowed_origins=[origin]) == b"picture"
    sent = seen[1].headers
    assert not {"Cookie", "Authorization", "Referer"} & set(sent)
    assert sent["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    "other", ["https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1"]
)
async def test_an_allowed_origin_is_that_one_exactly(other: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"inside")

    async with site(handler) as origin:
        allowed = other.format(port=origin.rpartition(":")[2])
        with pytest.raises(LinkRefusedError):
            await fetch(f"{origin}/a.png", allowed_origins=[allowed])


async def test_an_allowed_origin_is_not_an_allowed_user() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"inside")

    async with site(handler) as origin:
        with pytest.raises(LinkRefusedError):
            await fetch(origin.replace("//", "//user@") + "/", allowed_origins=[origin])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://inside.example:{port}/",
        "http://[::1]:{port}/",
        "http://2130706433:{port}/",
        "file:///etc/passwd",
        "http://a:b@127.0.0.1:{port}/",
        "http://[",
    ],
)
async def test_a_redirect_leads_inside_no_more_than_a_link(
    status: int, target: str, listener: Listener
) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": target.format(port=listener.port)})

    async with site(handler) as origin:
        with pytest.raises(LinkRefusedError):
            await fetch(f"{origin}/", allowed_origins=[origin])
    assert listener.connections == 0


@pytest.mark.parametrize("hops", [0, 1, 3])
async def test_a_few_redirects_are_followed(hops: int) -> None:
    async def handler(request: web.Request) -> web.Response:
        left = int(request.path.strip("/"))
        if left:
            return web.Response(status=302, headers={"Location": f"{left - 1}"})
        return web.Response(body=b"picture")

    async with site(handler) as origin:
        assert await fetch(f"{origin}/{hops}", allowed_origins=[origin]) == b"picture"


async def test_a_loop_ends() -> None:
    asked = 0

    async def handler(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=302, headers={"Location": "/again"})

    async with site(handler) as origin:
        with pytest.raises(LinkRefusedError) as caught:
            await fetch(f"{origin}/", allowed_origins=[origin])
    assert caught.value.reason is Refusal.REDIRECTS
    assert asked == 4


async def test_a_redirect_without_a_target_ends_too() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=302)

    async with site(handler) as origin:
        with pytest.raises(LinkRefusedError):
            await fetch(f"{origin}/", allowed_origins=[origin])


@pytest.mark.parametrize("status", [204, 206, 400, 403, 404, 410, 429, 500, 503])
async def test_any_answer_but_the_file_is_told_by_its_status(status: int) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with site(handler) as origin:
        with pytest.raises(LinkNotFoundError) as caught:
            await fetch(f"{origin}/gone.png", allowed_origins=[origin])
    assert caught.value.status == status
    assert caught.value.host == "127.0.0.1"


async def refused_at(handler: Handler, limit: int) -> ImageTooLargeError:
    async with site(handler) as origin:
        with pytest.raises(ImageTooLargeError) as caught:
            await fetch(f"{origin}/", allowed_origins=[origin], limits=Limits(max_bytes=limit))
    return caught.value


async def test_a_stated_length_over_the_limit_is_enough() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"\0" * 3000)

    assert (await refused_at(handler, 2000)).found == 3000


async def test_an_endless_answer_is_cut_off() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b"\0" * 4096)
        return response

    assert (await refused_at(handler, 50_000)).found < 1_000_000


async def test_a_compressed_bomb_is_counted_as_it_unfolds() -> None:
    async def handler(_: web.Request) -> web.Response:
        packed = gzip.compress(b"\0" * 20_000_000)
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    assert (await refused_at(handler, 100_000)).found < 5_000_000


async def test_a_trickle_runs_out_of_time() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError, asyncio.CancelledError):
            while True:
                await response.write(b"\0")
                await asyncio.sleep(0.02)
        return response

    async with site(handler) as origin:
        with pytest.raises(LinkTimeoutError) as caught:
            await fetch(f"{origin}/", allowed_origins=[origin], limits=Limits(max_seconds=0.2))
    assert caught.value.seconds == 0.2


async def test_an_answer_shorter_than_it_says_is_no_file() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        with pytest.raises(LinkUnreachableError):
            await fetch(f"{origin}/", allowed_origins=[origin])


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 9000]
)
async def test_what_is_no_web_server_is_unreachable(answer: bytes) -> None:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        with pytest.raises(ImageError) as caught:
            await fetch(f"{origin}/", allowed_origins=[origin])
    assert isinstance(caught.value, LinkUnreachableError)


def test_the_battery_is_large_enough() -> None:
    assert len({*NUMERIC, *NAMED, *ODD}) >= 60


@pytest.mark.parametrize(
    ("query", "expired"),
    [
        ("ex=66a1b2c3&is=66a0&hm=ab", True),
        ("ex=ffffffff&is=66a0&hm=ab", False),
        ("ex=66a1b2c3", False),
        ("ex=soon&hm=ab", False),
        ("", False),
    ],
)
def test_a_link_of_discord_says_when_it_ends(query: str, expired: bool) -> None:
    url = URL(f"https://cdn.discordapp.com/attachments/1/2/a.png?{query}")
    assert has_expired(url, now=2e9) == expired
