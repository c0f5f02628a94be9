"""The servers under test, each on a core of its own: started, watched, ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.media.signalling import KEY, SECRET
from suite.rtc.transport.plane import own_address

PEERS = Path(__file__).with_name("peers")
START_SECONDS = 30.0
TICKS = os.sysconf("SC_CLK_TCK")


class Absent(Exception):
    """The server is not installed; the message says what is missing."""


@dataclass
class Server:
    """A running server: `kind` names its signalling."""

    name: str
    kind: str
    url: str
    process: subprocess.Popen[bytes]
    log: Path
    facts: dict[str, Any] = field(default_factory=dict)

    def tree(self) -> list[int]:
        """The process and all that it started."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text().rpartition(") ")[2].split()
                except OSError:
                    continue
                parents.setdefault(int(stat[1]), []).append(int(entry.name))
        found = [self.process.pid]
        for one in found:
            found += parents.get(one, [])
        return found

    def cpu(self) -> float:
        """CPU seconds, user and system, of the whole tree."""
        total = 0
        for one in self.tree():
            try:
                stat = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            total += int(stat[11]) + int(stat[12])
        return total / TICKS

    def rest(self) -> float:
        """Wait until it has done what it does after its start (ours loads its codecs then); `cpu` at that time."""
        deadline, before = time.monotonic() + START_SECONDS, -1.0
        while (now := self.cpu()) > before + 0.02 and time.monotonic() < deadline:
            before = now
            time.sleep(0.5)
        return now

    def waited(self) -> float:
        """Seconds that threads of the tree could have run and had to wait for the core."""
        total = 0
        for one in self.tree():
            for task in Path(f"/proc/{one}/task").glob("*/schedstat"):
                try:
                    total += int(task.read_text().split()[1])
                except OSError:
                    continue
        return total / 1e9

    def resident(self) -> dict[int, float]:
        """Resident MB of each process."""
        sizes = {}
        for one in self.tree():
            try:
                pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            except OSError:
                continue
            sizes[one] = round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
        return sizes


def busy(core: int) -> float:
    """Seconds that a core has spent on processes, whosever they are, since the machine's start."""
    line = next(one for one in Path("/proc/stat").read_text().splitlines() if one.startswith(f"cpu{core} "))
    user, nice, system = line.split()[1:4]
    return (int(user) + int(nice) + int(system)) / TICKS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"It did not start:\n{log.read_text()[-3000:]}")


def address() -> str:
    """Where media goes: Janus takes no loopback address."""
    return own_address("0.0.0.0")


@contextmanager
def running(
    name: str, command: list[str], *, kind: str, url: str, port: int, core: int | str, folder: Path,
    environment: dict[str, str] | None = None,
) -> Iterator[Server]:  # fmt: skip
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            stdout=out, stderr=out, env={**os.environ, **(environment or {})}, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for_port(port, process, log)
        yield Server(name, kind, url, process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def ours(*, core: int | str, kernel: str, whip: bool, folder: Path) -> Iterator[Server]:
    """`python -m suite.rtc` with one worker."""
    port = free_port()
    environment = {"RTC_KERNEL": kernel}
    command = [sys.executable, "-m", "suite.rtc", "--keys", f"{KEY}: {SECRET}", "--workers", "1", "--bind", "127.0.0.1"]
    command += ["--port", str(port), "--udp-port", "0", "--media-host", "0.0.0.0", "--node-ip", address()]
    kind, scheme = ("whip-v1", "http") if whip else ("livekit", "ws")
    with running(
        f"suite-{kernel}", command, kind=kind, url=f"{scheme}://127.0.0.1:{port}", port=port, core=core, folder=folder,
        environment=environment,
    ) as server:  # fmt: skip
        yield server


@contextmanager
def pion(*, core: int | str, folder: Path) -> Iterator[Server]:
    """A small server on Debian's pion."""
    if shutil.which("go") is None or not Path("/usr/share/gocode/src/github.com/pion/webrtc").exists():
        raise Absent("pion is left out: install golang-go and golang-github-pion-webrtc.v3-dev (Debian).")
    built = folder / "pion-sfu"
    if not built.exists():
        # Without modules, a path with /v3 is found from within GOPATH alone, and beside a go.mod.
        source = folder / "go/src/forwarding"
        source.mkdir(parents=True, exist_ok=True)
        shutil.copy(PEERS / "pion/main.go", source)
        (source / "go.mod").write_text("module forwarding\n")
        environment = {**os.environ, "GO111MODULE": "off", "GOPATH": f"{folder / 'go'}:/usr/share/gocode"}
        subprocess.run(["go", "build", "-o", built, "."], cwd=source, env=environment, check=True)
    port = free_port()
    command = [str(built), f"127.0.0.1:{port}", address()]
    with running("pion", command, kind="whip", url=f"http://127.0.0.1:{port}", port=port, core=core, folder=folder) as server:
        yield server


@contextmanager
def janus(*, core: int | str, folder: Path) -> Iterator[Server]:
    """Janus with its VideoRoom plugin alone."""
    binary = shutil.which("janus")
    plugins = next(Path("/usr/lib").glob("*/janus/plugins/libjanus_videoroom.so"), None)
    if binary is None or plugins is None:
        raise Absent("Janus is left out: install janus (Debian).")
    port, home = free_port(), Path(tempfile.mkdtemp(prefix="janus-", dir=folder))
    for source in (PEERS / "janus").glob("*.jcfg"):
        text = source.read_text().replace("@FOLDER@", str(home)).replace("@ADDRESS@", address())
        (home / source.name).write_text(text.replace("@PORT@", str(port)))
    for kind, library in (("plugins", plugins), ("transports", plugins.parents[1] / "transports/libjanus_websockets.so")):
        (home / kind).mkdir()
        (home / kind / library.name).symlink_to(library)
    command = [binary, "-F", str(home), "-o"]
    with running("janus", command, kind="janus", url=f"ws://127.0.0.1:{port}", port=port, core=core, folder=folder) as server:
        yield server
