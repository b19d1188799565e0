"""Drafts: what waits for somebody's yes or for their words, found again for them alone."""

from typing import Any

from bot.errors import DraftGoneError
from storage.database.records import Records
from storage.decisions import choice_queries


async def read_draft(records: Records, draft: str, person_id: int) -> dict[str, Any]:
    """What waits under an id.

    Raises:
        DraftGoneError: Nothing, or somebody else's.
    """
    body = await records.read(choice_queries.read_draft, draft, person_id)
    if body is None:
        raise DraftGoneError
    return body


async def take_draft(records: Records, draft: str, person_id: int) -> dict[str, Any]:
    """The same, which waits no longer: of two presses at once one gets it.

    Raises:
        DraftGoneError: Nothing, as it was answered before, or somebody else's.
    """
    body = await records.write(choice_queries.take_draft, draft, person_id)
    if body is None:
        raise DraftGoneError
    return body
