"""A media server of its own for the protocol tests: `python -m suite.rtc`, as an operator would start it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp
import jwt
import psutil
import pytest

DEV_KEY, DEV_SECRET = "devkey", "secretsecretsecretsecretsecret12"  # as in the recordings of a LiveKit server
ROOT = Path(__file__).resolve().parents[2]
PEOPLE = pytest.StashKey[list[Any]]()
DEADLINE = 60.0  # s: longer than a busy machine takes; what was to come in time says so itself


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Address:
    """A media server of this machine as its clients see it."""

    port: int

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def token(self, identity: str = "a", room: str = "r", *, secret: str = DEV_SECRET, claims: dict[str, Any] | None = None,
              **video: Any) -> str:  # fmt: skip
        now = int(time.time())
        said = {"iss": DEV_KEY, "sub": identity, "name": f"Name of {identity}", "nbf": now - 5, "exp": now + 600}
        said["video"] = {"room": room, "roomJoin": True, **video}
        said.update(claims or {})
        return jwt.encode({k: v for k, v in said.items() if v is not None}, secret, algorithm="HS256")

    def admin(self, room: str = "r") -> str:
        rights = {"roomAdmin": True, "roomCreate": True, "roomList": True, "roomRecord": True}
        return self.token("admin", room, **rights)

    async def call(self, method: str, **body: Any) -> dict[str, Any]:
        """A call of the room service, in JSON."""
        headers = {"Authorization": f"Bearer {self.admin(body.get('room') or body.get('name', ''))}"}
        url = f"{self.http}/twirp/livekit.RoomService/{method}"
        async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as answer:
            said: dict[str, Any] = await answer.json()
            return said


@dataclass
class Server(Address):
    """A running media server and the webhooks that it sent."""

    process: subprocess.Popen[bytes]
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    log: Path = Path()

    def workers(self) -> list[psutil.Process]:
        """The media workers at present, the first first."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # a dead one too
                if "suite.rtc.worker" in (command := child.cmdline()):
                    found[tuple(command)] = child
        return [found[command] for command in sorted(found)]

    def worker(self) -> psutil.Process:
        """The media worker at present."""
        (child,) = psutil.Process(self.process.pid).children()
        return child

    async def webhook(self, event: str, room: str) -> dict[str, Any]:
        """The first webhook of that kind for that room, waited for."""
        return await until(
            lambda: next((w for w in self.webhooks if w["event"] == event and w.get("room", {}).get("name") == room), None)
        )


async def until(check: Any, deadline: float = DEADLINE) -> Any:
    """Wait until `check()` gives something; fails at the deadline (seconds)."""
    end = time.monotonic() + deadline
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.02)


def _sink(webhooks: list[dict[str, Any]]) -> ThreadingHTTPServer:
    class Sink(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            claims = jwt.decode(self.headers["Authorization"].removeprefix("Bearer "), DEV_SECRET, algorithms=["HS256"])
            webhooks.append({**json.loads(body), "signed_by": claims["iss"]})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Sink)


@contextlib.contextmanager
def running_server(folder: Path, *options: str, host: str = "127.0.0.1") -> Iterator[Server]:
    """A media server that answers, ended with the block."""
    webhooks: list[dict[str, Any]] = []
    sink = _sink(webhooks)
    Thread(target=sink.serve_forever, daemon=True).start()
    port = free_port()
    command = [sys.executable, "-m", "suite.rtc", "--port", str(port), "--udp-port", "0"]
    command += ["--keys", f"{DEV_KEY}: {DEV_SECRET}", "--host", host, "--workers", "1"]
    command += ["--webhook-url", f"http://127.0.0.1:{sink.server_port}/", "--departure-timeout", "1", *options]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LIVEKIT", "RTC", "MEDIA", "DJANGO"))}
    log = folder / f"server-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/"):
                break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield Server(port, process, webhooks, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)
        sink.shutdown()
        sink.server_close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One media server for all tests; each test has rooms of its own."""
    with running_server(tmp_path_factory.mktemp("rtc")) as started:
        yield started


@pytest.fixture
def valkey_url(engines: None) -> str:
    """The tests' own Valkey."""
    from django.conf import settings

    return str(settings.VALKEY_URL)


@pytest.fixture
def room(request: pytest.FixtureRequest) -> str:
    """A room name that no other test uses."""
    return f"{request.node.name}-{time.monotonic_ns()}"


@pytest.fixture
def egress(tmp_path: Path) -> Iterator[Path]:
    """The process that writes recordings below `out`; its socket."""
    with tempfile.TemporaryDirectory(prefix="rtc-") as short:  # a socket's path is limited to 107 bytes
        socket = Path(short) / "egress.sock"
        environment = {**os.environ, "LIVEKIT_API_KEY": DEV_KEY, "LIVEKIT_API_SECRET": DEV_SECRET, "LIVEKIT_WEBHOOK_URLS": ""}
        command = [sys.executable, "-m", "suite.rtc.egress", "--socket", str(socket), "--root", str(tmp_path / "out")]
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        yield socket
        process.terminate()
        process.wait(10)


@pytest.fixture
async def people(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[Any]:
    """Python SDK clients, disconnected with the test."""
    from tests.protocol.person import Person

    joined = request.node.stash[PEOPLE] = list[Person]()

    async def join(identity: str, room: str, *, at: Server | None = None, **options: Any) -> Person:
        person = Person(at or server, identity, room)
        joined.append(person)
        await person.join(**options)
        return person

    yield join
    for person in joined:
        await person.leave()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failure stands what the media server and its clients said of it."""
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(server, Server):
        told = [
            f"{one['event']} {one.get('room', {}).get('name')} {one.get('participant', {}).get('identity')}"
            for one in server.webhooks[-40:]
        ]
        report.sections.append(("media server's log", server.log.read_text(errors="replace")[-8000:]))
        report.sections.append(("media server's webhooks", "\n".join(told)))
    if report.failed and (people := item.stash.get(PEOPLE, [])):
        report.sections.append(("people", "\n".join(one.told() for one in people)))
    return report
