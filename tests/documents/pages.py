"""A page that edits a document: Yjs by pycrdt, y-websocket's frames written out by hand, a real socket."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any, Self

from pycrdt import Doc, XmlElement, XmlFragment, XmlText
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from suite.documents.content import FRAGMENT
from suite.documents.sync import protocol
from suite.documents.sync.lib0 import Reader, sized, uint
from tests.web import Web, cookie_header

PATIENCE = 10.0


def entry(client: int, clock: int, state: dict[str, Any] | None) -> bytes:
    return uint(client) + uint(clock) + sized(json.dumps(state).encode())


def awareness(*entries: bytes) -> bytes:
    return protocol.present(uint(len(entries)) + b"".join(entries))


class Page:
    """One open document; frames are taken in by `until`, which waits for something to become true."""

    def __init__(
        self, web: Web, document_id: uuid.UUID, session_key: str, doc: Doc[Any] | None = None, *, frames_held: int = 16
    ) -> None:
        self.doc: Doc[Any] = doc or Doc()
        self.states: dict[int, Any] = {}
        self.words: list[dict[str, Any]] = []
        self.denied = 0
        self.is_synced = False
        self.close_code: int | None = None
        self._asked = 0
        address = f"{web.socket_address}/ws/documents/{document_id}/"
        self._closing = contextlib.ExitStack()
        headers = cookie_header(session_key)
        opening = connect(address, origin=Origin(web.address), additional_headers=headers, max_size=None, max_queue=frames_held)
        self.socket = self._closing.enter_context(opening)
        self.send(protocol.asked_state(self.doc.get_state()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def text(self) -> str:
        return "".join(str(part) for part in self._texts(self.doc.get(FRAGMENT, type=XmlFragment)))

    @property
    def vector(self) -> bytes:
        return self.doc.get_state()

    def send(self, frame: bytes) -> None:
        try:
            self.socket.send(frame)
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd else 1006

    def change(self, text: str) -> bytes:
        """Type `text` at the document's end; gives the update, unsent."""
        before = self.doc.get_state()
        fragment = self.doc.get(FRAGMENT, type=XmlFragment)
        with self.doc.transaction():
            if not len(fragment.children):
                fragment.children.append(XmlElement("blockGroup"))
            container, paragraph = XmlElement("blockContainer", {"id": uuid.uuid4().hex}), XmlElement("paragraph")
            fragment.children[0].children.append(container)
            container.children.append(paragraph)
            paragraph.children.append(XmlText(text))
        return self.doc.get_update(before)

    def write(self, text: str) -> None:
        self.send(protocol.written(self.change(text)))

    def be_stored(self) -> None:
        """Wait until the server says that all sent before is stored."""
        assert self.outcome() is None, f"closed with {self.close_code}"

    def outcome(self) -> int | None:
        """None once all that was sent before is stored; its code where the server closes instead."""
        self._asked += 1
        asked = {"type": "stored", "n": self._asked}
        self.send(protocol.word(asked))
        deadline = time.monotonic() + PATIENCE
        while asked not in self.words and self.close_code is None:
            assert time.monotonic() < deadline, "neither stored nor closed"
            self._take(1)
        return self.close_code

    def until(self, is_so: Callable[[], object], seconds: float = PATIENCE) -> None:
        deadline = time.monotonic() + seconds
        while not is_so():
            left = deadline - time.monotonic()
            assert left > 0, f"not in time; text={self.text!r} closed={self.close_code}"
            assert self.close_code is None, f"closed with {self.close_code}"
            self._take(left)

    def until_closed(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while self.close_code is None:
            assert time.monotonic() < deadline, "still open"
            self._take(1)
        return self.close_code

    def quiet(self, seconds: float) -> None:
        """Take in whatever comes for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self.close_code is None:
            self._take(left)

    def _take(self, seconds: float) -> None:
        try:
            frame = self.socket.recv(timeout=seconds)
        except TimeoutError:
            return
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd else 1006
            return
        assert isinstance(frame, bytes), frame
        if frame[0] == protocol.AWARENESS:
            self._see(Reader(Reader(frame[1:]).bytes()))
        elif frame[0] == protocol.AUTH:
            self.denied += 1
        else:
            self._hear(protocol.read_frame(frame))

    def _hear(self, frame: protocol.Frame) -> None:
        if isinstance(frame, protocol.AskedState):
            self.send(protocol.missing(self.doc.get_update(frame.vector)))
        elif isinstance(frame, protocol.Written):
            self.doc.apply_update(frame.update)
            self.is_synced = True
        elif isinstance(frame, protocol.Word):
            self.words.append(frame.message)

    def _see(self, reader: Reader) -> None:
        for _ in range(reader.uint()):
            client, _clock, state = reader.uint(), reader.uint(), json.loads(reader.text())
            if state is None:
                self.states.pop(client, None)
            else:
                self.states[client] = state

    def _texts(self, node: Any) -> list[Any]:
        found: list[Any] = []
        for child in node.children:
            found += [child] if isinstance(child, XmlText) else self._texts(child)
        return found
