"""`drain.c`, built when it is first needed: a reader in Python would be the bottleneck."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).with_name("drain.c")
ARRIVALS: Final = 4096
LOST: Final = 64
SIZE: Final = 1600
ROOM: Final = 4096  # samples of one call


class Reader(ctypes.Structure):
    _fields_ = [
        ("fd", ctypes.c_int32), ("ssrc", ctypes.c_uint32), ("rtx_ssrc", ctypes.c_uint32), ("transport_id", ctypes.c_int32),
        *((name, ctypes.c_int64) for name in ("unique", "repeated", "padding", "rtx", "other", "control", "bytes")),
        ("first", ctypes.c_int64), ("highest", ctypes.c_int64), ("arrivals", ctypes.c_int32), ("lost", ctypes.c_int32),
        ("arrived_at", ctypes.c_int64 * ARRIVALS), ("arrived", ctypes.c_uint16 * ARRIVALS),
        ("lost_sequence", ctypes.c_uint16 * LOST), ("seen", ctypes.c_uint8 * 8192),
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
