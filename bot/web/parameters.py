"""What addresses and bodies of requests give, read so that nothing else gets any further."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import web

_END: Final = 2**63
"""Beyond the numbers that databases and Discord know."""


@contextmanager
def reading() -> Iterator[None]:
    """What is missing within the block, or of another kind than the pages send, is a bad request.

    Raises:
        web.HTTPBadRequest: There was such a thing.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
        raise web.HTTPBadRequest from None


def read_number(given: str) -> int:
    """A number, such as Discord's ids: from 0, below 2**63.

    Raises:
        web.HTTPBadRequest: It is none.
    """
    # Python reads none of thousands of digits, and says so in its own way.
    if not given.isdecimal() or len(given) > len(str(_END)) or int(given) >= _END:
        raise web.HTTPBadRequest
    return int(given)


def read_id(given: object) -> str:
    """An id of a job or a link: letters and digits.

    Raises:
        web.HTTPBadRequest: It is none.
    """
    # Databases refuse other text in their own ways, such as halves of letters.
    if not (isinstance(given, str) and given.isascii() and given.isalnum()):
        raise web.HTTPBadRequest
    return given
