"""One child process: started in its own session, tied to our life, its lines handed on, its end certain."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

NOBODY = 65534
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
LONGEST_LINE = 64 * 1024  # bytes; longer ones are cut in pieces
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class Command:
    """What an operator could type: `argv` in `folder` with `environment`; `stop_seconds` before it is killed."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 5.0
    niceness: int = 0
    # Runs without root's rights: `namespace` maps us to an ordinary user, `user` becomes another one.
    as_user: str = ""


@dataclass(kw_only=True)
class Child:
    """A running command; `on_line` receives its output, one decoded line at a time."""

    command: Command
    on_line: Callable[[str], None]
    process: asyncio.subprocess.Process = field(init=False)
    _reader: asyncio.Task[None] = field(init=False)

    async def start(self) -> None:
        """Start it; `OSError` where the program is missing. Call from the main thread: its end ends the child."""
        command = self.command
        us = os.getpid()
        self.process = await asyncio.create_subprocess_exec(
            *command.argv,
            cwd=command.folder,
            env=dict(command.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _before_exec(command, us),
        )
        self._reader = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self.process.pid

    async def wait(self) -> int:
        """Its exit code (negative: the signal), once its last line is read."""
        code = await self.process.wait()
        with contextlib.suppress(asyncio.TimeoutError):  # a grandchild may hold the pipe
            await asyncio.wait_for(asyncio.shield(self._reader), 1)
        return code

    async def stop(self) -> bool:
        """Ask it to end, kill it and its group after its command's seconds; whether asking was enough."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(self.command.stop_signal)
        try:
            await asyncio.wait_for(self.process.wait(), self.command.stop_seconds)
        except TimeoutError:
            self.kill()
            await self.process.wait()
            return False
        finally:
            self._reader.cancel()
        return True

    def kill(self) -> None:
        """End it and everything that it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    async def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        rest = b""
        while chunk := await stream.read(LONGEST_LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.on_line(line.decode(errors="replace").rstrip())
            if len(rest) >= LONGEST_LINE:
                self.on_line(rest.decode(errors="replace"))
                rest = b""
        if rest:
            self.on_line(rest.decode(errors="replace"))


def can_map_users() -> bool:
    """Whether the kernel lets us become an ordinary user in a namespace of our own (user_namespaces(7))."""
    if _LIBC is None:
        return False
    trial = os.fork()
    if trial == 0:
        try:
            _map_user()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(trial, 0)[1]) == 0


def _before_exec(command: Command, parent: int) -> None:
    if command.as_user == "namespace":
        _map_user()
    elif command.as_user == "user":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if command.niceness:
        os.nice(command.niceness)
    if _LIBC is not None:  # last: a change of user clears it (prctl(2))
        _LIBC.prctl(PR_SET_PDEATHSIG, int(command.stop_signal))
        if os.getppid() != parent:
            os._exit(1)


def _map_user() -> None:
    uid, gid = os.geteuid(), os.getegid()
    assert _LIBC is not None
    if _LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
