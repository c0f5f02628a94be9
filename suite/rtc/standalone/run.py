"""A media server by itself: the workers as children, signalling and the server API here."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvicorn

from suite.kernel.logs import configure, get_logger
from suite.rtc.signalling.messages import MAX_MESSAGE

log = get_logger("suite.rtc")

# LiveKit's own key and secret of `livekit-server --dev`, but for its length: 32 bytes or more are asked for.
DEV_KEY: Final = "devkey"
DEV_SECRET: Final = "secretsecretsecretsecretsecretsecret12"  # noqa: S105 -- known to everyone, and said so at the start
START_DEADLINE: Final = 15.0  # seconds
STOP_DEADLINE: Final = 5.0


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m suite.rtc", description="A LiveKit server: Suite's media server alone.")
    parser.add_argument("--dev", action="store_true", help=f"use the key {DEV_KEY}, whose secret everyone knows")
    parser.add_argument("--host", default="127.0.0.1", help="address for signalling and the server API")
    parser.add_argument("--port", type=int, default=7880, help="its TCP port")
    parser.add_argument("--udp-port", type=int, default=7882, help="UDP port of the first worker; 0 chooses")
    parser.add_argument("--media-host", default="", help="address for media; by default that of --host")
    parser.add_argument("--node-ip", default="", help="address that clients are told for media")
    parser.add_argument("--workers", type=int, default=1, help="media workers; worker k has UDP port + k")
    parser.add_argument("--webhook-url", action="append", default=[])
    parser.add_argument("--egress-socket", default="")
    parser.add_argument("--empty-timeout", type=int, default=300)
    parser.add_argument("--departure-timeout", type=int, default=20)
    return parser.parse_args(given)


def _worker_command(given: argparse.Namespace, socket: Path, index: int) -> list[str]:
    command = [sys.executable, "-m", "suite.rtc.worker", "--socket", str(socket), "--index", str(index)]
    command += ["--port", str(given.udp_port + index if given.udp_port else 0)]
    command += ["--host", given.media_host or given.host, "--advertise", given.node_ip]
    command += ["--empty-timeout", str(given.empty_timeout), "--departure-timeout", str(given.departure_timeout)]
    command += ["--egress-socket", given.egress_socket]
    for url in given.webhook_url:
        command += ["--webhook-url", url]
    return command


class Children:
    """The workers, restarted when they end by themselves."""

    def __init__(self, commands: Sequence[list[str]]) -> None:
        self._commands = commands
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self._running = [_start(command) for command in self._commands]

    async def watch(self) -> None:
        """Restart what has died, a second later."""
        while True:
            await asyncio.sleep(1.0)
            for index, process in enumerate(self._running):
                if process.poll() is not None:
                    log.error("worker_died", index=index, status=process.returncode)
                    self._running[index] = _start(self._commands[index])

    def stop(self) -> None:
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            try:
                process.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command)  # noqa: S603 -- our own command


async def _wait_for(sockets: Sequence[Path]) -> None:
    deadline = asyncio.get_running_loop().time() + START_DEADLINE
    for socket in sockets:
        while not socket.exists():
            if asyncio.get_running_loop().time() > deadline:
                sys.exit("A media worker did not start: is its UDP port taken?")
            await asyncio.sleep(0.05)


async def _serve(given: argparse.Namespace, children: Children, sockets: Sequence[Path]) -> None:
    await _wait_for(sockets)
    config = uvicorn.Config(
        "suite.rtc.standalone.asgi:application", host=given.host, port=given.port, log_config=None,
        ws_max_size=MAX_MESSAGE + 1024, ws_ping_interval=20.0, lifespan="off", timeout_graceful_shutdown=3,
    )  # fmt: skip
    watching = asyncio.create_task(children.watch())
    await uvicorn.Server(config).serve()
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


def main() -> None:
    """The command."""
    given = arguments()
    configure()
    if given.dev:
        os.environ.update(LIVEKIT_API_KEY=DEV_KEY, LIVEKIT_API_SECRET=os.environ.get("LIVEKIT_API_SECRET") or DEV_SECRET)
        log.warning("development_key", key=DEV_KEY)
    for name in ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        if not os.environ.get(name):
            sys.exit(f"{name} is not set: give a key and a secret in the environment, or --dev for a known one.")
    # uvicorn raises the signal that stopped it once more when it is done: the workers are still to be stopped then.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="rtc-") as folder:
        sockets = [Path(folder) / f"worker{index}.sock" for index in range(given.workers)]
        os.environ["RTC_WORKER_SOCKETS"] = ",".join(map(str, sockets))
        os.environ["DJANGO_SETTINGS_MODULE"] = "suite.rtc.standalone.settings"
        children = Children([_worker_command(given, socket, index) for index, socket in enumerate(sockets)])
        children.start()
        try:
            asyncio.run(_serve(given, children, sockets))
        finally:
            children.stop()
