"""The REST half: every request is matched, checked, counted, carried out and written down.

What it looks like is judged by `protocol.refusals`; what it does is in `transport.handlers`.
"""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import unquote

from aiohttp import BodyPartReader, web

from playground.protocol import refusals
from playground.protocol.operations import Operation, errors_of, operations
from playground.protocol.refusals import Call, RefusedError, refused
from playground.state.cast import TOKEN
from playground.state.records import Body, Upload
from playground.state.world import World
from playground.transport import handlers, thread_handlers  # noqa: F401 - they fill the table
from playground.transport.faults import Fault, Faults, Journal, Request, pause
from playground.transport.routing import HANDLERS, NOTHING, Reply

BASE = "/api/v10"
BEARERS = {"get_my_user": "identify", "list_my_guilds": "guilds"}
"""What people's own tokens may read, and what they allow it with."""
EXEMPT = "create_interaction_response"
"""The operation that belongs to no bucket: every first answer may be given."""


class Rest:
    """Carries requests out.

    Args:
        check_answers: compare every answer with Discord's description too; what differs is listed
            in `answer_faults`.
    """

    def __init__(
        self, world: World, faults: Faults, journal: Journal, *, check_answers: bool = False
    ) -> None:
        self._world = world
        self._faults = faults
        self._journal = journal
        self._check_answers = check_answers
        self.answer_faults: list[str] = []
        operations()  # compiled once, before the first request has to wait for it

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request below ``/api/v10``."""
        started = time.perf_counter()
        path = request.rel_url.raw_path.removeprefix(BASE)
        # Only messages with files come in several parts.
        files = request.content_type == "multipart/form-data"
        fault = self._faults.take(request.method, path, files=files)
        await pause(fault)
        call, error = Call(), None
        headers: dict[str, str] = {}
        try:
            call = await _read(request, path)
            headers, over = self._count(request, call, path)
            fault = over or fault
            status, body = self._carry_out(request, call, fault)
        except RefusedError as caught:
            status, body, error = caught.status, caught.body(), caught
        if error is None and fault and fault.status:
            status, body, more = _broken(fault)
            headers |= more
        self._note(request, call, status, error=error, fault=fault, started=started)
        if fault and fault.reset:
            _cut(request)
        return _response(status, body, headers)

    def _count(
        self, request: web.Request, call: Call, path: str
    ) -> tuple[dict[str, str], Fault | None]:
        headers, over = self._faults.count(_bucket(request, call, path))
        if call.operation and call.operation.name == EXEMPT:
            del headers["X-RateLimit-Bucket"]
            return headers, None
        return headers, over

    def _carry_out(self, request: web.Request, call: Call, fault: Fault | None) -> Reply:
        judged = refusals.judge(call)
        call.person = self._find_bearer(request, call)
        authorized = call.person is not None or _authorized(request)
        if not call.operation or not (call.operation.open or authorized):
            raise refused("unauthorized")
        if judged:
            raise judged
        if fault and (fault.reset == "before" or (fault.status and not fault.after)):
            return NOTHING
        if any(len(file.data) > self._world.upload_limit for file in call.uploads.values()):
            raise refused("too_large")
        reply = HANDLERS[call.operation.name](self._world, call)
        if self._check_answers:
            self._check(call.operation, reply)
        return reply

    def _find_bearer(self, request: web.Request, call: Call) -> int | None:
        """Return who allowed the application to read this of them; None if nobody did."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self._world.grants.find(token) if kind == "Bearer" else None
        scope = BEARERS.get(call.operation.name if call.operation else "")
        return grant.person if grant and scope in grant.scopes else None

    def _check(self, operation: Operation, reply: Reply) -> None:
        status, body = reply
        if status not in operation.answers:
            self.answer_faults.append(f"{operation.name}: status {status}")
        elif validator := operation.answers[status]:
            self.answer_faults += [
                f"{operation.name}: {error.json_path}: {error.message[:300]}"
                for error in errors_of(validator, json.loads(json.dumps(body)))
            ]

    def _note(
        self,
        request: web.Request,
        call: Call,
        status: int,
        *,
        error: RefusedError | None,
        fault: Fault | None,
        started: float,
    ) -> None:
        self._journal.add(
            Request(
                method=request.method,
                path=request.rel_url.raw_path_qs.removeprefix(BASE),
                body=call.body,
                files=tuple((f.filename, len(f.data)) for f in call.uploads.values()),
                status=status,
                verdict="refused" if error else "fault" if fault else "ok",
                reason=refusals.in_words(error) if error else "",
                validated=call.operation is not None,
                seconds=time.perf_counter() - started,
                operation=call.operation.name if call.operation else "",
            )
        )


def _response(status: int, body: Any, headers: dict[str, str]) -> web.Response:  # noqa: ANN401  JSON
    if body is None:
        return web.Response(status=status, headers=headers)
    # Exactly this type: clients take "application/json; charset=utf-8" for text.
    content = json.dumps(body).encode()
    return web.Response(
        status=status, body=content, headers={**headers, "Content-Type": "application/json"}
    )


def _broken(fault: Fault) -> tuple[int, Body, dict[str, str]]:
    status = fault.status or 500
    if status != 429:
        message = f"{status}: the stand-in was told to fail"
        return status, {"message": message, "code": fault.code}, {}
    seconds = round(fault.retry_after, 3)
    headers = {"Retry-After": str(seconds), "X-RateLimit-Scope": "user"}
    if fault.via:
        headers["Via"] = "1.1 google"
    if fault.everywhere:
        headers["X-RateLimit-Global"] = "true"
    body: Body = {
        "message": "You are being rate limited.",
        "retry_after": seconds,
        "global": fault.everywhere,
    }
    # Only some limits have a code of their own.
    return 429, body | ({"code": fault.code} if fault.code else {}), headers


def _cut(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()


def _authorized(request: web.Request) -> bool:
    return request.headers.get("Authorization") == f"Bot {TOKEN}"


def _bucket(request: web.Request, call: Call, path: str) -> str:
    """Requests to one operation on one channel, server or token, by one login, share a limit."""
    if call.operation is None:
        return path
    major = ("channel_id", "guild_id", "webhook_token", "interaction_token")
    login = request.headers.get("Authorization", "")
    return "/".join([call.operation.name, *(call.params.get(name, "") for name in major), login])


async def _read(request: web.Request, path: str) -> Call:
    operation, params = match(request.method, path)
    call = Call(operation, params, dict(request.query))
    if (request.content_length or 0) > refusals.REQUEST_LIMIT:
        raise refused("too_large")
    if request.content_type == "multipart/form-data":
        try:
            await _read_parts(request, call)
        except ValueError:  # no boundary, a torn part
            raise refused("form") from None
    elif request.body_exists and (raw := await request.read()):
        call.body = _json(raw)
    return call


def match(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation that a request means, and its path parameters.

    Raises:
        RefusedError: no such path (404) or method (405).
    """
    # Some clients escape the @ of @original and @me; an emoji stays escaped until it is needed.
    path = path.replace("%40", "@")
    found = [(o, m) for o in operations() if (m := o.path.fullmatch(path))]
    for operation, matched in found:
        if operation.method == method:
            return operation, {k: unquote(v) for k, v in matched.groupdict().items()}
    raise refused("method" if found else "not_found")


async def _read_parts(request: web.Request, call: Call) -> None:
    call.multipart = True
    total = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise refused("form")
        data = bytes(await part.read())
        total += len(data)
        if total > refusals.REQUEST_LIMIT:
            raise refused("too_large")
        if part.name == "payload_json":
            call.body = _json(data)
        else:
            index = refusals.file_index(part.name or "", call.uploads)
            kind = part.headers.get("Content-Type")
            call.uploads[index] = Upload(part.filename or "unknown", data, kind)
    call.body = {} if call.body is None else call.body


def _json(raw: bytes) -> Any:  # noqa: ANN401  JSON
    try:
        return json.loads(raw)
    except ValueError:
        raise refused("json") from None
