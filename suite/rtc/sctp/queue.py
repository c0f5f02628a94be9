"""Messages that wait to be sent: one queue for each stream, served in turn so that a large message delays no other stream."""

from __future__ import annotations

from collections import deque


class Message:
    """A message and how far it has been sent."""

    __slots__ = (
        "abandoned", "at", "expires_at", "ordered", "payload", "protocol", "retransmissions", "sequence", "started_by",
        "stream",
    )  # fmt: skip

    def __init__(
        self,
        *,
        stream: Stream,
        payload: bytes,
        protocol: int,
        ordered: bool,
        retransmissions: int | None,
        expires_at: float | None,
        started_by: float | None,
    ) -> None:
        self.stream = stream
        self.payload = payload
        self.protocol = protocol
        self.ordered = ordered
        self.retransmissions = retransmissions  # the most; None for as many as it takes
        self.expires_at = expires_at  # given up then, whatever was sent
        self.started_by = started_by  # dropped then, where nothing was sent yet
        self.sequence = 0
        self.at = 0  # bytes that have got a number
        self.abandoned = False


class Stream:
    """An outgoing stream."""

    __slots__ = ("id", "messages", "sequence", "waiting")

    def __init__(self, number: int) -> None:
        self.id = number
        self.messages: deque[Message] = deque()
        self.waiting = 0  # bytes
        self.sequence = 0  # of the next ordered message


class Queue:
    """All outgoing streams."""

    def __init__(self) -> None:
        self.streams: dict[int, Stream] = {}
        self.waiting = 0  # bytes
        self._turn: deque[Stream] = deque()  # streams that have messages
        self.held: set[int] = set()  # streams whose reset waits for an answer

    def stream(self, number: int) -> Stream:
        """The outgoing stream of that number."""
        found = self.streams.get(number)
        if found is None:
            found = self.streams[number] = Stream(number)
        return found

    def add(self, message: Message) -> None:
        """Queue a message behind its stream's others."""
        stream = message.stream
        if not stream.messages:
            self._turn.append(stream)
        stream.messages.append(message)
        size = len(message.payload)
        stream.waiting += size
        self.waiting += size

    def first(self, now: float) -> Message | None:
        """The message whose turn it is: one that is begun is finished first, stale ones are dropped unsent."""
        turn = self._turn
        for _ in range(len(turn)):
            stream = turn[0]
            if stream.id in self.held and not stream.messages[0].at:
                turn.rotate(-1)
                continue
            while stream.messages:
                message = stream.messages[0]
                if message.at or not _stale(message, now):
                    return message
                self.drop(message)
            turn.popleft()
        return None

    def took(self, message: Message, size: int) -> None:
        """`size` bytes of the first message were sent; the next stream's turn comes when that was all."""
        message.at += size
        message.stream.waiting -= size
        self.waiting -= size
        if message.at >= len(message.payload):
            stream = message.stream
            stream.messages.popleft()
            self._turn.popleft()
            if stream.messages:
                self._turn.append(stream)

    def abandon(self, message: Message) -> None:
        """Forget the rest of a message that was begun."""
        stream = message.stream
        if stream.messages and stream.messages[0] is message:
            self.drop(message)
            if not stream.messages:
                self._turn.remove(stream)

    def drop(self, message: Message) -> None:
        """Take the first message of its stream away."""
        rest = len(message.payload) - message.at
        message.stream.messages.popleft()
        message.stream.waiting -= rest
        self.waiting -= rest

    def forget(self, number: int) -> None:
        """The stream was closed: what it still had to say is not said."""
        stream = self.streams.pop(number, None)
        if stream is not None and stream.messages:
            self._turn.remove(stream)
            self.waiting -= stream.waiting
            stream.messages.clear()

    def clear(self) -> None:
        """Nothing will be sent any more."""
        for stream in self.streams.values():
            stream.messages.clear()
        self.streams.clear()
        self._turn.clear()
        self.waiting = 0


def _stale(message: Message, now: float) -> bool:
    return (message.started_by is not None and now > message.started_by) or (
        message.expires_at is not None and now > message.expires_at
    )
