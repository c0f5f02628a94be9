"""Who is in a document and where: awareness, kept by the server so that who comes sees all at once.

A client id belongs to the person whose socket introduced it; entries about somebody else's are left out (y-websocket's own
client echoes them), so nobody can speak for another. The `user` of a state is written here, never taken from the page.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from suite.documents.errors import UnreadableUpdate
from suite.documents.sync.lib0 import Reader, sized, uint

STATE_BYTES_MAX = 4_096
ENTRIES_MAX = 1_000
CLIENTS_OF_A_SOCKET_MAX = 4
OUTDATED_SECONDS = 45.0  # y-protocols renews a state every 15 s and forgets it after 30
GONE_KEPT_SECONDS = 300.0
GONE = "null"
Entry = tuple[int, int, str]  # client id, clock, state as JSON
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
COLOURS = ("#000091", "#6e445a", "#297254", "#716043", "#a94645", "#465f9d", "#447049", "#a94436", "#3062a0", "#6e4a7e")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who introduced a client id: the person, and the socket's key (empty for a socket of another process)."""

    user_id: uuid.UUID
    name: str
    socket: str = ""


@dataclass(slots=True)
class State:
    clock: int
    text: str  # JSON, as relayed
    holder: Holder
    heard_at: float


@dataclass(frozen=True, slots=True)
class Gone:
    """A client id that was removed at `clock`: an echo of what it said before brings nobody back."""

    clock: int
    user_id: uuid.UUID
    at: float


@dataclass(frozen=True, slots=True)
class Heard:
    """`pass_on` goes to all the others, `reply` to the socket that spoke; empty where there is nothing to say."""

    pass_on: bytes = b""
    reply: bytes = b""


class Presence:
    """The awareness states of one document; `now` is monotonic seconds, handed in."""

    def __init__(self) -> None:
        self.states: dict[int, State] = {}
        self.gone: dict[int, Gone] = {}

    def hear(self, entries: bytes, *, holder: Holder, now: float) -> Heard:
        """Take what a socket says of itself; raises `UnreadableUpdate` for what is no awareness update."""
        passed: list[Entry] = []
        replies: list[Entry] = []
        for client, clock, text in _entries(entries):
            held, gone = self.states.get(client), self.gone.get(client)
            if held is not None:
                if self._changes(held, clock, text, holder, now):
                    passed.append(
                        self._remove(client, clock, now) if text == GONE else self._put(client, clock, text, holder, now)
                    )
            elif text == GONE:
                continue
            elif gone is not None and clock <= gone.clock:
                if gone.user_id == holder.user_id:  # back again: its own client counts on from here (y-protocols)
                    replies.append((client, gone.clock, GONE))
            elif not holder.socket or self._count(holder) < CLIENTS_OF_A_SOCKET_MAX:
                passed.append(self._put(client, clock, text, holder, now))
        return Heard(_packed(passed), _packed(replies))

    def leave(self, socket: str, *, now: float) -> bytes:
        """Forget what `socket` introduced; gives the entries that say so."""
        return self._forget([client for client, state in self.states.items() if state.holder.socket == socket], now)

    def expire(self, now: float) -> bytes:
        """Forget what nobody has renewed for `OUTDATED_SECONDS`: a process that died says no good-bye."""
        self.gone = {client: gone for client, gone in self.gone.items() if now - gone.at < GONE_KEPT_SECONDS}
        return self._forget([client for client, state in self.states.items() if now - state.heard_at > OUTDATED_SECONDS], now)

    def all(self) -> bytes:
        return _packed((client, state.clock, state.text) for client, state in self.states.items())

    def own(self) -> dict[Holder, bytes]:
        """The states that this process' sockets introduced, for each holder: what another process asks for."""
        grouped: dict[Holder, list[Entry]] = {}
        for client, state in self.states.items():
            if state.holder.socket:
                grouped.setdefault(state.holder, []).append((client, state.clock, state.text))
        return {holder: _packed(entries) for holder, entries in grouped.items()}

    def _changes(self, held: State, clock: int, text: str, holder: Holder, now: float) -> bool:
        if held.holder.user_id != holder.user_id:
            return False
        if clock == held.clock and text != GONE:
            if held.holder.socket == holder.socket:
                held.heard_at = now
            return False  # an echo, or what we have
        return clock >= held.clock and (text != GONE or held.holder.socket == holder.socket)

    def _put(self, client: int, clock: int, text: str, holder: Holder, now: float) -> Entry:
        signed = _signed(text, holder)
        self.states[client] = State(clock, signed, holder, now)
        self.gone.pop(client, None)
        return client, clock, signed

    def _remove(self, client: int, clock: int, now: float) -> Entry:
        self.gone[client] = Gone(clock, self.states.pop(client).holder.user_id, now)
        return client, clock, GONE

    def _forget(self, clients: list[int], now: float) -> bytes:
        return _packed([self._remove(client, self.states[client].clock + 1, now) for client in clients])

    def _count(self, holder: Holder) -> int:
        return sum(state.holder.socket == holder.socket for state in self.states.values())


def colour_of(user_id: uuid.UUID) -> str:
    """One of the design system's colours, always the same for a person: the pages' own rule (`shared/people/Avatar.tsx`)."""
    total = 0
    for character in str(user_id):
        total = (total * 31 + ord(character)) % 9973
    return COLOURS[total % len(COLOURS)]


def _signed(text: str, holder: Holder) -> str:
    """The state with its `user` written by us."""
    state = _state(text)
    if "user" in state:
        given = state["user"] if isinstance(state["user"], dict) else {}
        colour = given.get("color")
        fine = isinstance(colour, str) and COLOUR.match(colour)
        state["user"] = {"id": str(holder.user_id), "name": holder.name, "color": colour if fine else colour_of(holder.user_id)}
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def _state(text: str) -> dict[str, Any]:
    try:
        state = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise UnreadableUpdate from error
    if not isinstance(state, dict):
        raise UnreadableUpdate
    return state


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _entries(packed: bytes) -> list[Entry]:
    reader = Reader(packed)
    count = reader.uint()
    if count > ENTRIES_MAX:
        raise UnreadableUpdate
    found = []
    for _ in range(count):
        client, clock, text = reader.uint(), reader.uint(), reader.text()
        if len(text) > STATE_BYTES_MAX:
            raise UnreadableUpdate
        found.append((client, clock, text))
    if not reader.ended:
        raise UnreadableUpdate
    return found


def _packed(entries: Iterable[Entry]) -> bytes:
    listed = list(entries)
    if not listed:
        return b""
    return uint(len(listed)) + b"".join(uint(client) + uint(clock) + sized(text.encode()) for client, clock, text in listed)
