"""Numbers that stand for people who were forgotten, where a limit or a ban has to outlive that.

They are made with a key of this installation (HMAC-SHA-256, RFC 2104), so that nobody who sees the
number alone can tell whose it is, and the same person gets the same number.
"""

import hashlib
import hmac
from typing import Final

from sqlalchemy import Connection

from storage.database.keys import find_key, make_key

_NAME: Final = "pseudonyms"
_BITS: Final = 63
"""What of a hash fits into a column for ids, less the sign."""


def find_pseudonym(connection: Connection, person_id: int) -> int | None:
    """The number for a person: below 0, as no id is; None where nobody has one yet."""
    key = find_key(connection, _NAME)
    return None if key is None else _compute(key, person_id)


def make_pseudonym(connection: Connection, person_id: int) -> int:
    """The same in a transaction that writes, where the key is made if there is none."""
    return _compute(make_key(connection, _NAME), person_id)


def _compute(key: str, person_id: int) -> int:
    digest = hmac.digest(bytes.fromhex(key), str(person_id).encode(), hashlib.sha256)
    return -1 - (int.from_bytes(digest) >> (8 * len(digest) - _BITS))
