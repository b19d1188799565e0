"""Which addresses are on the public internet, and a connector that reaches no others."""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeAlias

import aiohttp
from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

# All of IPv6 that is given out for the public; the rest is local, multicast or nobody's.
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_CLOSED: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's own services, on a public address
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "2001::/23",  # protocol assignments, Teredo among them
        "3fff::/20",  # documentation
    )
)
"""Networks that ``ipaddress`` of some supported Python calls global and that are not for us."""

# Names that are never answered for keep these threads busy, and not those that deliver pictures.
_LOOKING_UP: Final = ThreadPoolExecutor(4, "names")

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class PrivateAddressError(Exception):
    """A host, or one of its addresses, is not on the public internet.

    Attributes:
        host: The name or address that was asked for.
    """

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


def is_public(text: str) -> bool:
    """Whether this is the address of a host on the public internet, in canonical spelling.

    Addresses that carry an IPv4 address inside (mapped, 6to4, NAT64) are as public as that one.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    inner = _unwrap(address)
    if any(inner in network for network in _CLOSED if network.version == inner.version):
        return False
    if isinstance(inner, ipaddress.IPv6Address) and inner not in _GLOBAL_UNICAST:
        return False
    # Python calls multicast global, and reserved networks of IPv6.
    return inner.is_global and not (inner.is_multicast or inner.is_reserved)


def _unwrap(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class _PublicResolver(AbstractResolver):
    """Resolves names like the system does; refuses those with any address that is not public."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Every address of ``host``.

        Raises:
            PrivateAddressError: One of them is not public.
            OSError: There is none.
        """
        look_up = partial(
            socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        found = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in await asyncio.get_running_loop().run_in_executor(
                _LOOKING_UP, look_up
            )
        ]
        # All of them, since which one is connected to is the connector's choice.
        if not all(is_public(address["host"]) for address in found):
            raise PrivateAddressError(host)
        return found

    async def close(self) -> None:
        """Nothing is held open."""


def _open_public_socket(target: AddrInfoType) -> socket.socket:
    """The last gate: every connection of a guarded connector gets its socket here."""
    family, kind, protocol, _, address = target
    if not is_public(str(address[0])):
        raise PrivateAddressError(str(address[0]))
    return socket.socket(family, kind, protocol)


def make_guarded_connector() -> aiohttp.TCPConnector:
    """A connector that reaches public addresses only, whatever it is asked for."""
    return aiohttp.TCPConnector(
        resolver=_PublicResolver(),
        # Nothing is kept from one request to the next, so each is checked from its name to its
        # socket.
        use_dns_cache=False,
        socket_factory=_open_public_socket,
        force_close=True,
    )
