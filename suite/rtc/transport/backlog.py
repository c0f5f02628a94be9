"""What waits for a reader that is slower than what is sent to it: bounded, what matters most first."""

from __future__ import annotations

from collections import deque
from typing import Final

VIDEO_MOST: Final = 128 * 1024  # bytes: half a second of 2 Mbit/s
OTHER_MOST: Final = 128 * 1024
BATCH: Final = 32  # packets of one write


class Backlog:
    """Two queues of framed packets: video waits until checks, records and sound have gone, and is dropped by itself."""

    __slots__ = ("_begun", "_other", "_sizes", "_video", "dropped", "dropped_video")

    def __init__(self) -> None:
        self._other: deque[bytes] = deque()
        self._video: deque[bytes] = deque()
        self._sizes = [0, 0]  # bytes of each
        self._begun = memoryview(b"")  # the rest of a packet that has begun to leave
        self.dropped = 0
        self.dropped_video = 0

    def __bool__(self) -> bool:
        return bool(self._begun or self._other or self._video)

    def put(self, packet: bytes, *, video: bool) -> None:
        """Add a packet; the oldest of its kind go where there are too many bytes."""
        queue = self._video if video else self._other
        queue.append(packet)
        self._sizes[video] += len(packet)
        while self._sizes[video] > (VIDEO_MOST if video else OTHER_MOST):
            self._sizes[video] -= len(queue.popleft())
            if video:
                self.dropped_video += 1
            else:
                self.dropped += 1

    def take(self) -> list[bytes | memoryview]:
        """What is to be written next; `written` says how much of it was."""
        batch: list[bytes | memoryview] = [self._begun] if self._begun else []
        for queue in (self._other, self._video):
            for packet in queue:
                if len(batch) >= BATCH:
                    return batch
                batch.append(packet)
        return batch

    def written(self, count: int) -> None:
        """`count` bytes of what `take` gave have left."""
        if self._begun:
            gone = min(count, len(self._begun))
            self._begun, count = self._begun[gone:], count - gone
        while count:
            video = not self._other
            packet = (self._video if video else self._other).popleft()
            self._sizes[video] -= len(packet)
            if count < len(packet):
                self._begun = memoryview(packet)[count:]
                return
            count -= len(packet)
