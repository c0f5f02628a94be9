"""Connections given from one worker to another: the open socket itself (SCM_RIGHTS), with what was read of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Final

LONGEST: Final = 8192  # bytes of what was read
Taken = Callable[[socket.socket, bytes], None]


def mailbox(folder: Path, index: int) -> Path:
    """Where worker `index` takes connections; all workers of a server share the folder."""
    return folder / f"tcp{index}.sock"


class Mailbox:
    """Takes what other workers give; `taken` is called with each socket and the bytes that were read of it."""

    def __init__(self, path: Path, taken: Taken) -> None:
        """Raises `OSError` where `path` cannot be listened on; one that a dead worker left is replaced."""
        self._path, self._taken = path, taken
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003 -- the standard library's
        path.unlink(missing_ok=True)
        before = os.umask(0o177)  # this user alone
        try:
            self._socket.bind(str(path))
        finally:
            os.umask(before)
        self._loop.add_reader(self._socket.fileno(), self._readable)

    def close(self) -> None:
        """Take no more."""
        if self._socket.fileno() < 0:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def give(self, to: Path, sock: socket.socket, data: bytes) -> bool | None:
        """Give a connection to the worker that listens at `to`: True; None where it is too busy now; False where it is gone."""
        try:
            # Not `socket.send_fds`: Python 3.11's ignores the address.
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [sock.fileno()]))
            self._socket.sendmsg([data], [rights], 0, str(to))
        except BlockingIOError:
            return None
        except OSError:
            return False
        return True

    def _readable(self) -> None:
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._socket, LONGEST, 1)
            except OSError:
                return
            for descriptor in descriptors:
                with contextlib.suppress(OSError):
                    sock = socket.socket(fileno=descriptor)
                    sock.setblocking(False)  # noqa: FBT003 -- the standard library's
                    self._taken(sock, data)
