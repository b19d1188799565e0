"""Numbers that stand for people who were forgotten, where a limit or a ban has to outlive that.

They are made with a key of this installation (HMAC-SHA-256, RFC 2104), so that nobody who sees the
number alone can tell whose it is, and the same person gets the same number.
"""

import hashlib
import hmac
import secrets
from typing import Final

from sqlalchemy import Connection, select

from storage.database.records import insert_new
from storage.database.tables import KeyRow

_NAME: Final = "pseudonyms"
_KEY_BYTES: Final = 32
_BITS: Final = 63
"""What of a hash fits into a column for ids, less the sign."""


def find_pseudonym(connection: Connection, person_id: int) -> int | None:
    """The number for a person: below 0, as no id is; None where nobody has one yet."""
    key = connection.execute(select(KeyRow.value).where(KeyRow.name == _NAME)).scalar_one_or_none()
    if key is None:
        return None
    digest = hmac.digest(bytes.fromhex(key), str(person_id).encode(), hashlib.sha256)
    return -1 - (int.from_bytes(digest) >> (8 * len(digest) - _BITS))


def make_pseudonym(connection: Connection, person_id: int) -> int:
    """The same in a transaction that writes, where the key is made if there is none."""
    insert_new(connection, KeyRow, [{"name": _NAME, "value": secrets.token_hex(_KEY_BYTES)}])
    number = find_pseudonym(connection, person_id)
    if number is None:
        raise RuntimeError("the key was not kept")
    return number
