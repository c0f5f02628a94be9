"""A network of two machines in namespaces of this test alone: `server` and `client`, with a link between them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.conftest import DEADLINE, DEV_KEY, DEV_SECRET, ROOT, Server

SERVER, CLIENT, STRANGER = "10.83.0.1", "10.83.0.2", "10.83.0.3"
SERVER_6, CLIENT_6 = "fd83::1", "fd83::2"
PORT = 7880


class Network:
    """What runs in it ends with it, by its own process id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"rtc{os.getpid()}"
        self._running: list[subprocess.Popen[bytes]] = []

    def space(self, end: str) -> str:
        return f"{self.name}{end}"

    def inside(self, end: str, *command: str) -> list[str]:
        """The command as it runs at `server` or `client`."""
        return ["ip", "netns", "exec", self.space(end), *command]

    def do(self, end: str, *command: str) -> None:
        subprocess.run(self.inside(end, *command), check=True, capture_output=True)

    def start(self, end: str, *command: str, log: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start something that ends with the network."""
        with (self.folder / log).open("wb") as out:
            process = subprocess.Popen(
                self.inside(end, *command), cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        self._running.append(process)
        return process

    def said(self, log: str, words: str, process: subprocess.Popen[bytes]) -> None:
        """Wait until a log says something."""
        end = time.monotonic() + DEADLINE
        while words not in (text := (self.folder / log).read_text(errors="replace")):
            assert process.poll() is None, text
            assert time.monotonic() < end, text
            time.sleep(0.05)

    def media_server(self, *options: str, configuration: str = "") -> Server:
        """A media server at the `server`'s end, on all of its addresses, with LiveKit's own ports."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LIVEKIT", "RTC", "MEDIA", "DJANGO", "TURN"))}
        command = [sys.executable, "-m", "suite.rtc", "--keys", f"{DEV_KEY}: {DEV_SECRET}", "--workers", "2", *options]
        if configuration:
            (self.folder / "livekit.yaml").write_text(configuration)
            command += ["--config", str(self.folder / "livekit.yaml")]
        process = self.start("server", *command, log="server.log", environment=environment)
        self.said("server.log", '"listening"', process)
        return Server(PORT, process, [], self.folder / "server.log")

    def chromium(self) -> Path:
        """A Chromium at the `client`'s end, as a program that Playwright starts."""
        path = self.folder / "chromium"
        path.write_text(f'#!/bin/sh\nexec ip netns exec {self.space("client")} /usr/bin/chromium "$@"\n')
        path.chmod(0o755)
        return path

    def without_udp(self) -> None:
        """Drop every datagram that leaves or reaches the client."""
        rules = (
            "add table inet test; add chain inet test out { type filter hook output priority 0; };"
            "add chain inet test in { type filter hook input priority 0; };"
            "add rule inet test out meta l4proto udp drop; add rule inet test in meta l4proto udp drop"
        )
        self.do("client", "nft", rules)

    def close(self) -> None:
        for process in reversed(self._running):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for end in ("server", "client"):
            subprocess.run(["ip", "netns", "del", self.space(end)], check=False, capture_output=True)

    def open(self) -> None:
        for end in ("server", "client"):
            subprocess.run(["ip", "netns", "add", self.space(end)], check=True, capture_output=True)
        self.do("server", "ip", "link", "add", "link0", "type", "veth", "peer", "name", "link0", "netns", self.space("client"))
        for end, own, own_6, far, far_6 in (
            ("server", [SERVER, STRANGER], SERVER_6, CLIENT, CLIENT_6),
            ("client", [CLIENT], CLIENT_6, SERVER, SERVER_6),
        ):
            self.do(end, "ip", "link", "set", "lo", "up")
            self.do(end, "ip", "link", "set", "link0", "up")
            for address in own:
                self.do(end, "ip", "addr", "add", f"{address}/24", "dev", "link0")
            self.do(end, "ip", "-6", "addr", "add", f"{own_6}/64", "dev", "link0", "nodad")
            self.do(end, "ip", "route", "add", "default", "via", far)
            self.do(end, "ip", "-6", "route", "add", "default", "via", far_6)


@contextlib.contextmanager
def network(folder: Path) -> Iterator[Network]:
    """Two namespaces; the test is skipped with a sentence where the machine lets none be made."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("needs root and iproute2 for namespaces of its own")
    made = Network(folder)
    try:
        try:
            made.open()
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no network namespaces here: {error}")
        yield made
    finally:
        made.close()


def arguments(*addresses: str) -> Sequence[str]:
    """Chromium's, for pages that may use a camera although they come from such an address without TLS."""
    origins = ",".join(f"http://{address}" for address in addresses)
    return [f"--unsafely-treat-insecure-origin-as-secure={origins}"]


def pages(made: Network, files: dict[str, Path]) -> str:
    """Serve files at the `server`'s end; the address of the first."""
    folder = made.folder / "pages"
    folder.mkdir()
    for name, path in files.items():
        shutil.copy(path, folder / name)
    command = [sys.executable, "-u", "-m", "http.server", "8000", "--bind", SERVER, "--directory", str(folder)]
    process = made.start("server", *command, log="pages.log")
    made.said("pages.log", "Serving HTTP", process)
    return f"http://{SERVER}:8000/{next(iter(files))}"


def selected(pair: dict[str, Any] | None) -> tuple[str, str, str]:
    """How media goes: the local candidate's kind and way to its relay, the remote one's protocol."""
    assert pair is not None
    return pair["local"]["candidateType"], pair["local"].get("relayProtocol", ""), pair["remote"]["protocol"]
