"""The gateway half: sessions, shards, intents, heartbeats, and replay after a lost socket."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from aiohttp import WSCloseCode, WSMsgType, web

from playground.protocol import shapes
from playground.protocol.events import PRIVILEGED, Event, Intent, event_of
from playground.state.cast import APPLICATION_ID, GUILD_ID, OBJECTS, TOKEN
from playground.state.records import Body, Change, Message
from playground.state.world import World
from playground.transport.faults import Faults, GatewayFault

CLOSING = 1.0
"""Seconds that a client gets to say goodbye."""
BUFFER = 1000
"""Events that a session keeps for a resume."""
SESSION_LIFE = 120.0
"""Seconds for which a session without a socket can be resumed."""
LARGEST_PAYLOAD = 4096
"""Bytes that a client may send at once."""
SENDS, PER_SECONDS = 120, 60.0
"""A client may send this many payloads in this many seconds."""
ACK_AFTER = 0.02
"""Seconds from a heartbeat to its acknowledgement."""


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE = 4
    RESUME = 6
    RECONNECT = 7
    MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Close(IntEnum):
    """Gateway close codes."""

    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    RATE_LIMITED = 4008
    INVALID_SHARD = 4010
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


class ClosedError(Exception):
    """The client broke a rule; its socket is closed with `code`."""

    def __init__(self, code: Close) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass
class Session:
    """One identified client, with or without a socket at the moment."""

    id: str
    intents: int
    shard: tuple[int, int]
    socket: Socket | None = None
    sequence: int = 0
    sent: deque[Body] = field(default_factory=lambda: deque(maxlen=BUFFER))
    lost: float = 0.0

    def dispatch(self, name: str, data: Body) -> None:
        """Send one event, and keep it for a resume."""
        self.sequence += 1
        payload: Body = {"op": Op.DISPATCH, "t": name, "s": self.sequence, "d": data}
        self.sent.append(payload)
        if self.socket:
            self.socket.send(payload)


class Socket:
    """One connection: frames out in order, as text or as one zlib stream."""

    def __init__(
        self, ws: web.WebSocketResponse, transport: asyncio.Transport | None, *, compress: bool
    ) -> None:
        self.ws = ws
        self._transport = transport
        self.silent = False
        self.session: Session | None = None
        self._queue: asyncio.Queue[Body | None] = asyncio.Queue()
        self._zlib = zlib.compressobj() if compress else None
        self._received: deque[float] = deque(maxlen=SENDS)

    def send(self, payload: Body | None) -> None:
        """Queue a payload; None ends the connection after what is queued."""
        if not self.silent:
            self._queue.put_nowait(payload)

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self._transport:
            self._transport.abort()

    async def write(self) -> None:
        """Write queued payloads until told to end or the client is gone."""
        while (payload := await self._queue.get()) is not None:
            text = json.dumps(payload)
            try:
                if self._zlib:
                    data = self._zlib.compress(text.encode())
                    await self.ws.send_bytes(data + self._zlib.flush(zlib.Z_SYNC_FLUSH))
                else:
                    await self.ws.send_str(text)
            except ConnectionError:
                return

    def decode(self, data: str | bytes) -> Body:
        """Return the payload of a frame.

        Raises:
            ClosedError: it is too large, no JSON object, or one too many in a minute.
        """
        now = time.monotonic()
        if len(self._received) == SENDS and now - self._received[0] < PER_SECONDS:
            raise ClosedError(Close.RATE_LIMITED)
        self._received.append(now)
        raw = data.encode() if isinstance(data, str) else data
        try:
            payload = json.loads(raw)
        except ValueError:
            raise ClosedError(Close.DECODE_ERROR) from None
        if len(raw) > LARGEST_PAYLOAD or not isinstance(payload, dict):
            raise ClosedError(Close.DECODE_ERROR)
        return payload


class Gateway:
    """All sessions, and the world's changes turned into their events.

    Args:
        privileged: privileged intents that the application was granted.

    Attributes:
        sessions: sessions that are connected or can be resumed, by their id.
    """

    def __init__(self, world: World, faults: Faults, *, privileged: int = 0) -> None:
        self._world = world
        self._faults = faults
        self._privileged = privileged
        self.sessions: dict[str, Session] = {}
        self._sockets: set[Socket] = set()
        self._on_state: list[Callable[[], None]] = []
        faults.on_gateway(self._break)
        world.listen(self._changed)

    @property
    def online(self) -> bool:
        """Whether a bot is identified and connected."""
        return any(session.socket for session in self.sessions.values())

    def on_state(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever a bot comes or goes."""
        self._on_state.append(listener)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one gateway connection."""
        ws = web.WebSocketResponse(max_msg_size=1 << 20, compress=False, timeout=CLOSING)
        await ws.prepare(request)
        compress = request.query.get("compress") == "zlib-stream"
        socket = Socket(ws, request.transport, compress=compress)
        self._sockets.add(socket)
        socket.send({"op": Op.HELLO, "d": {"heartbeat_interval": self._faults.heartbeat * 1000}})
        writer = asyncio.create_task(socket.write())
        try:
            await self._converse(socket)
        except ClosedError as error:
            await ws.close(code=error.code, message=error.code.name.encode())
        finally:
            writer.cancel()
            self._sockets.discard(socket)
            self._lose(socket)
        return ws

    async def close(self) -> None:
        """End every connection."""
        for socket in tuple(self._sockets):
            await socket.ws.close(code=WSCloseCode.GOING_AWAY)

    async def _converse(self, socket: Socket) -> None:
        async for frame in socket.ws:
            if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            payload = socket.decode(frame.data)
            data = payload.get("d")
            self._receive(socket, payload.get("op"), data if isinstance(data, dict) else {})

    def _receive(self, socket: Socket, op: object, data: Body) -> None:
        if op == Op.HEARTBEAT:
            # Sooner than a network would, and discord.py measures it from the heartbeat before.
            asyncio.get_running_loop().call_later(ACK_AFTER, socket.send, {"op": Op.HEARTBEAT_ACK})
        elif op == Op.IDENTIFY:
            self._identify(socket, data)
        elif op == Op.RESUME:
            self._resume(socket, data)
        elif socket.session is None:
            raise ClosedError(Close.NOT_AUTHENTICATED)
        elif op == Op.MEMBERS:
            self._members(socket.session, data)
        elif op not in (Op.PRESENCE, Op.VOICE):
            raise ClosedError(Close.UNKNOWN_OPCODE)

    def _identify(self, socket: Socket, data: Body) -> None:
        if socket.session:
            raise ClosedError(Close.ALREADY_AUTHENTICATED)
        if str(data.get("token")).removeprefix("Bot ") != TOKEN:
            raise ClosedError(Close.AUTHENTICATION_FAILED)
        shard, intents = _shard(data), _intents(data, self._privileged)
        session = Session(secrets.token_hex(16), intents, shard)
        self.sessions[session.id] = session
        self._attach(session, socket)
        mine = (GUILD_ID >> 22) % shard[1] == shard[0]
        session.dispatch("READY", self._ready(session, mine=mine))
        if mine and intents & Intent.GUILDS:
            session.dispatch("GUILD_CREATE", self._guild(intents))
        self._tell_state()

    def _resume(self, socket: Socket, data: Body) -> None:
        session = self.sessions.get(str(data.get("session_id")))
        heard = data["seq"] if isinstance(data.get("seq"), int) else 0
        known = session and session.sequence - heard <= len(session.sent)
        if str(data.get("token")).removeprefix("Bot ") != TOKEN:
            raise ClosedError(Close.AUTHENTICATION_FAILED)
        if session is None or not known:
            socket.send({"op": Op.INVALID_SESSION, "d": False})
            return
        missed = [payload for payload in session.sent if payload["s"] > heard]
        self._attach(session, socket)
        for payload in missed:
            socket.send(payload)
        session.dispatch("RESUMED", {"_trace": []})
        self._tell_state()

    def _attach(self, session: Session, socket: Socket) -> None:
        session.socket, socket.session = socket, session

    def _lose(self, socket: Socket) -> None:
        session = socket.session
        # A resumed session already has a newer socket, which the old one's end must not take away.
        if session and session.socket is socket:
            session.socket, session.lost = None, time.monotonic()
        self._tell_state()

    def _ready(self, session: Session, *, mine: bool) -> Body:
        return {
            "v": 10,
            "user": shapes.myself(self._world),
            "user_settings": {},
            "guilds": [{"id": str(GUILD_ID), "unavailable": True}] if mine else [],
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "session_type": "normal",
            "session_id": session.id,
            "resume_gateway_url": shapes.gateway_url(self._world),
            "application": {"id": str(APPLICATION_ID), "flags": OBJECTS["application"]["flags"]},
            "shard": list(session.shard),
        }

    def _guild(self, intents: int) -> Body:
        guild = shapes.guild_create(self._world)
        if not intents & Intent.GUILD_MEMBERS:
            guild["members"] = [m for m in guild["members"] if m["user"].get("bot")]
        return guild

    def _members(self, session: Session, data: Body) -> None:
        wanted = data.get("user_ids") or []
        ids = {str(i) for i in (wanted if isinstance(wanted, list) else [wanted])}
        people = [self._world.bot, *self._world.people.values()]
        query = str(data.get("query") or "")
        found = [
            shapes.member(p)
            for p in people
            if (str(p.id) in ids if ids else p.user["username"].startswith(query))
        ]
        chunk: Body = {"guild_id": str(GUILD_ID), "members": found}
        chunk |= {"chunk_index": 0, "chunk_count": 1, "not_found": []}
        if "nonce" in data:
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    # From changes to events

    def _changed(self, change: Change) -> None:
        event = event_of(self._world, change)
        if event is None:
            return
        for session in self._alive():
            if _is_for(session, event):
                session.dispatch(event.name, self._censored(session, change.message, event.data))

    def _alive(self) -> list[Session]:
        now = time.monotonic()
        for session in tuple(self.sessions.values()):
            if session.socket is None and now - session.lost > SESSION_LIFE:
                del self.sessions[session.id]
        return list(self.sessions.values())

    def _censored(self, session: Session, message: Message | None, data: Body) -> Body:
        """Without the content intent only own, direct and mentioning messages are legible."""
        if message is None or "content" not in data or session.intents & Intent.MESSAGE_CONTENT:
            return data
        return data if shapes.reads(self._world, message) else shapes.blanked(data)

    def _break(self, fault: GatewayFault) -> None:
        for socket in tuple(self._sockets):
            if fault == "op7":
                socket.send({"op": Op.RECONNECT, "d": None})
            elif fault == "op9_resumable":
                socket.send({"op": Op.INVALID_SESSION, "d": True})
            elif fault == "op9":
                self.sessions.clear()
                socket.send({"op": Op.INVALID_SESSION, "d": False})
            elif fault == "silent":
                socket.silent = True
            else:
                socket.cut()

    def _tell_state(self) -> None:
        for listener in self._on_state:
            listener()


def _shard(data: Body) -> tuple[int, int]:
    match data.get("shard", [0, 1]):
        case [int(index), int(count)] if 0 <= index < count:
            return index, count
    raise ClosedError(Close.INVALID_SHARD)


def _intents(data: Body, privileged: int) -> int:
    intents = data.get("intents")
    if not isinstance(intents, int) or not 0 <= intents < 1 << 26:
        raise ClosedError(Close.INVALID_INTENTS)
    if intents & PRIVILEGED & ~privileged:
        raise ClosedError(Close.DISALLOWED_INTENTS)
    return intents


def _is_for(session: Session, event: Event) -> bool:
    """Direct messages belong to shard 0, the server's events to the one shard of its id."""
    index, count = session.shard
    place = 0 if event.direct else (GUILD_ID >> 22) % count
    return index == place and (not event.intent or bool(session.intents & event.intent))
