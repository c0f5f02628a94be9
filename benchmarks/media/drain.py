"""`drain.c`, built when it is first needed: a reader in Python would be the bottleneck."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).with_name("drain.c")
ARRIVALS: Final = 4096
LOST: Final = 64
SIZE: Final = 1600
ROOM: Final = 4096  # samples of one call
WINDOW: Final = 4096  # sequence numbers back to which a repetition is seen
PLACES: Final = 1024
GAPS: Final = 4096
GAP: Final = 250_000  # ns: how fine the times between packets are told apart


class Stream(ctypes.Structure):
    """What one reader gets of one track; `rtx_ssrc` is 0 where nothing is sent again."""

    _fields_ = [
        ("ssrc", ctypes.c_uint32), ("rtx_ssrc", ctypes.c_uint32),
        *((name, ctypes.c_int64) for name in ("unique", "repeated", "late", "padding", "rtx")),
        ("first", ctypes.c_int64), ("highest", ctypes.c_int64), ("last_at", ctypes.c_int64), ("longest", ctypes.c_int64),
        ("gaps", ctypes.POINTER(ctypes.c_int64)), ("seen", ctypes.c_uint8 * (WINDOW // 8)),
    ]  # fmt: skip

    def reset(self) -> None:
        """Count from nothing."""
        self.unique = self.repeated = self.late = self.padding = self.rtx = 0
        self.first, self.last_at, self.longest = -1, 0, 0

    @property
    def expected(self) -> int:
        """Packets from the first to the latest."""
        return int(self.highest - self.first + 1) if self.first >= 0 else 0


class Reader(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("fd", "transport_id", "stream_count", "takes_control")),
        *((name, ctypes.c_int64) for name in ("other", "control", "bytes")),
        ("streams", ctypes.POINTER(Stream)), ("arrivals", ctypes.c_int32), ("lost", ctypes.c_int32),
        ("arrived_at", ctypes.c_int64 * ARRIVALS), ("arrived", ctypes.c_uint16 * ARRIVALS),
        ("lost_sequence", ctypes.c_uint16 * LOST),
        ("key", ctypes.c_uint32 * PLACES), ("place", ctypes.c_int16 * PLACES),
    ]  # fmt: skip


class Sample(ctypes.Structure):
    _fields_ = [
        ("reader", ctypes.c_int32), ("length", ctypes.c_int32), ("at", ctypes.c_int64), ("data", ctypes.c_uint8 * SIZE),
    ]  # fmt: skip


def library() -> Any:
    """The compiled reader."""
    folder = Path(tempfile.mkdtemp(prefix="drain-"))
    built = folder / "drain.so"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o", built, SOURCE], check=True)
    loaded = ctypes.CDLL(str(built))
    built.unlink()
    folder.rmdir()
    return loaded


def give_streams(compiled: Any, reader: Reader, ssrcs: Sequence[tuple[int, int]]) -> Any:
    """Let a reader take streams, each an SSRC with that of its retransmissions or 0; their rows, for the caller to keep."""
    rows = (Stream * len(ssrcs))()
    for row, (ssrc, rtx_ssrc) in zip(rows, ssrcs, strict=True):
        row.ssrc, row.rtx_ssrc = ssrc, rtx_ssrc
        row.reset()
    reader.streams, reader.stream_count = rows, len(rows)
    compiled.arrange(ctypes.byref(reader))
    return rows
