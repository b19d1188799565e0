"""A table: what each answer of Discord does to a message that is on its way.

Discord tells an HTTP status and, mostly, a code of its own, which says more and so goes before the
status. What stands in no row is decided by the hundred of its status, in :func:`find_answer`.
"""

from dataclasses import dataclass
from typing import Final, Literal

import aiohttp
import discord

Effect = Literal["closes", "shrinks", "waits", "ends"]
"""What becomes of a message: its route is closed and the next one is taken, it is tried again with
smaller files, it is tried again later, or it cannot be shown anywhere as it is."""

Reason = Literal["adults", "damaged", "explicit", "moderated", "too_large", "refused"]
"""Why pictures could not be sent, as far as the person is told."""

CODES: Final = "docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes"
STATUSES: Final = (
    "docs.discord.com/developers/topics/opcodes-and-status-codes#http-http-response-codes"
)
LIMITS: Final = "docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit"
HTTP: Final = "www.rfc-editor.org/rfc/rfc9110#section-15.5.9"
UPLOADS: Final = "docs.discord.com/developers/reference#uploading-files"


@dataclass(frozen=True, slots=True)
class Answer:
    """One row: an answer and its effect.

    Attributes:
        effect: What becomes of the message.
        status: The HTTP status; beside a code the one that it usually comes with, which Discord
            does not document and nothing relies on.
        code: Discord's code; 0 where the status alone says it.
        meaning: Discord's words for it.
        source: The page of Discord's documentation that has it.
        reason: What the person is told if the pictures could be sent nowhere.
    """

    effect: Effect
    status: int
    code: int
    meaning: str
    source: str
    reason: Reason = "refused"

    @property
    def gone(self) -> bool:
        """Whether nothing can be shown by that route, not even other words without pictures."""
        return self.effect == "closes" and self.status in {401, 403, 404, 405}


TABLE: Final = (
    # The message, the channel, the person or the token is no more.
    Answer("closes", 404, 10003, "Unknown channel", CODES),
    Answer("closes", 404, 10004, "Unknown guild", CODES),
    Answer("closes", 404, 10008, "Unknown message", CODES),
    Answer("closes", 404, 10013, "Unknown user", CODES),
    Answer("closes", 404, 10015, "Unknown webhook", CODES),
    Answer("closes", 401, 50027, "Invalid webhook token provided", CODES),
    Answer("closes", 404, 0, "The resource at the location specified doesn't exist", STATUSES),
    Answer("closes", 405, 0, "The HTTP method used is not valid for the location", STATUSES),
    # The bot may not, there.
    Answer("closes", 403, 40007, "The user is banned from this guild", CODES),
    Answer("closes", 403, 50001, "Missing access", CODES),
    Answer("closes", 403, 50005, "Cannot edit a message authored by another user", CODES),
    Answer("closes", 403, 50007, "Cannot send messages to this user", CODES),
    Answer("closes", 400, 50008, "Cannot send messages in a non-text channel", CODES),
    Answer("closes", 403, 50009, "Channel verification level is too high", CODES),
    Answer("closes", 403, 50013, "You lack permissions to perform that action", CODES),
    Answer("closes", 400, 50024, "Cannot execute action on this channel type", CODES),
    Answer("closes", 400, 50033, "Invalid recipient(s)", CODES),
    Answer("closes", 400, 50083, "Tried to perform an operation on an archived thread", CODES),
    Answer("closes", 403, 160005, "Thread is locked", CODES),
    Answer("closes", 400, 400001, "Access to file uploads has been limited for this guild", CODES),
    Answer("closes", 403, 0, "The token did not have permission to the resource", STATUSES),
    # A limit that may take hours to pass, where another route has none.
    Answer("closes", 400, 40094, "The maximum number of follow up messages", CODES),
    Answer("closes", 429, 20016, "Slowmode rate limit", CODES),
    Answer("closes", 429, 20022, "Cannot be edited due to announcement rate limits", CODES),
    Answer("closes", 429, 30046, "Maximum number of edits to messages older than 1 hour", CODES),
    # What the message says or holds is not wanted there; elsewhere it may be.
    Answer("closes", 400, 50006, "Cannot send an empty message", CODES),
    Answer("closes", 400, 50035, "Invalid form body", CODES),
    Answer("closes", 400, 50046, "Invalid file uploaded", CODES),
    Answer(
        "closes", 400, 200000, "Message was blocked by automatic moderation", CODES, "moderated"
    ),
    Answer("closes", 400, 240000, "Message blocked by harmful links filter", CODES, "moderated"),
    # The pictures themselves are judged, wherever they appear.
    Answer("ends", 400, 20009, "Explicit content cannot be sent", CODES, "explicit"),
    # The limit is lower than it was when the job was accepted.
    Answer("shrinks", 413, 40005, "Request entity too large", CODES, "too_large"),
    Answer("shrinks", 400, 50045, "File uploaded exceeds the maximum size", CODES, "too_large"),
    Answer("shrinks", 413, 0, "The file size limit applies to each file", UPLOADS, "too_large"),
    # It passes by itself, or when whoever runs the bot has mended it.
    Answer("waits", 429, 20028, "The channel has hit the write rate limit", CODES),
    Answer("waits", 429, 20029, "The server has hit the write rate limit", CODES),
    Answer("waits", 400, 40003, "You are opening direct messages too fast", CODES),
    Answer("waits", 400, 40004, "Send messages has been temporarily disabled", CODES),
    Answer("waits", 400, 40006, "This feature has been temporarily disabled server-side", CODES),
    Answer("waits", 429, 40062, "Service resource is being rate limited", CODES),
    Answer("waits", 403, 40333, "Cloudflare is blocking your request", CODES),
    Answer("waits", 503, 130000, "API resource is currently overloaded", CODES),
    Answer("waits", 408, 0, "The request did not arrive in time", HTTP),
    Answer("waits", 429, 0, "You are being rate limited", LIMITS),
    Answer("waits", 500, 0, "The server had an error processing your request", STATUSES),
    Answer("waits", 502, 0, "There was not a gateway available", STATUSES),
    # A token of the bot's own that was replaced; the pictures are sent once it has the new one.
    Answer("waits", 401, 0, "The Authorization header was missing or invalid", STATUSES),
)
"""Every answer that is known."""

UNKNOWN_REFUSAL: Final = Answer("closes", 400, 0, "Refused for a reason unknown here", STATUSES)
UNKNOWN_OUTAGE: Final = Answer("waits", 500, 0, "The server had an error", STATUSES)
UNREACHABLE: Final = Answer("waits", 0, 0, "Nothing was answered", LIMITS)
NOT_THERE: Final = Answer("closes", 404, 0, "It is known without asking", "")
NOTHING_FITS: Final = Answer("closes", 413, 0, "Not even the smallest", "", "too_large")
ADULTS_ALONE: Final = Answer("closes", 0, 0, "Not among adults alone", "", "adults")
UNFORESEEN: Final = Answer("closes", 0, 0, "A fault of ours", "")

_BY_CODE: Final = {row.code: row for row in TABLE if row.code}
_BY_STATUS: Final = {row.status: row for row in TABLE if not row.code}


def find_answer(status: int, code: int) -> Answer:
    """The row of an answer; a 4xx that is in none closes the route, anything else waits."""
    known = _BY_CODE.get(code) or _BY_STATUS.get(status)
    if known is not None:
        return known
    return UNKNOWN_REFUSAL if 400 <= status < 500 else UNKNOWN_OUTAGE


def judge(error: Exception) -> Answer:
    """What a failed request does to its message; every error does something."""
    if isinstance(error, discord.HTTPException):
        return find_answer(error.status, error.code)
    if isinstance(error, discord.RateLimited | aiohttp.ClientError | OSError | TimeoutError):
        return UNREACHABLE
    return UNFORESEEN
