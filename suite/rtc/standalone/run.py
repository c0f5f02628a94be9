"""A media server by itself: the workers as children, signalling and the server API here."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from suite.kernel.logs import configure, get_logger
from suite.rtc.link.frames import MAX_PAYLOAD
from suite.rtc.standalone.children import Children, wait_for
from suite.rtc.standalone.configuration import Configuration, gather
from suite.rtc.standalone.reading import WrongConfiguration, file_text

log = get_logger("suite.rtc")

LARGEST_MESSAGE: Final = MAX_PAYLOAD - 1024  # bytes; a link to a worker carries no more
IDLE: Final = 75  # s that a connection may be silent: longer than clients keep theirs, so that they hang up first
# Each websocket leaves some forty objects in circles (uvicorn's own), half a minute old: the usual thresholds find them
# after 1,200 more have come, an hour with 16 a minute. What is frozen costs nothing to look at.
COLLECTED: Final = (700, 2, 1)


def arguments(given: Sequence[str] | None = None) -> tuple[argparse.Namespace, dict[str, str]]:
    """The command line: LiveKit's options, ours, and `--some.key value` for any key of the configuration file."""
    parser = argparse.ArgumentParser(
        prog="python -m suite.rtc", description="A LiveKit server: Suite's media server alone.", allow_abbrev=False,
        epilog="Any key of LiveKit's configuration can be given as --a.key VALUE, or as LIVEKIT_A_KEY in the environment.",
    )  # fmt: skip
    say = parser.add_argument
    say("file", nargs="?", default="", help="LiveKit's configuration file")
    say("--config", default="", help="the same")
    say("--config-body", default=os.environ.get("LIVEKIT_CONFIG", ""), help="its text instead (LIVEKIT_CONFIG)")
    say("--keys", default=os.environ.get("LIVEKIT_KEYS"), help='API keys, as "key: secret" (LIVEKIT_KEYS)')
    say("--key-file", help="a file that holds them")
    say("--dev", action="store_true", help="the key devkey, whose secret everyone knows, on this machine alone")
    say("--bind", "--host", action="append", help="address for signalling and the server API; may be repeated")
    say("--port", help="its TCP port (7880)")
    say("--node-ip", default=os.environ.get("NODE_IP"), help="address that clients are told for media")
    say("--udp-port", default=os.environ.get("UDP_PORT"), help="UDP port of the first worker (7882); 0 chooses")
    say("--region", help="name of the region that clients are told")
    say("--redis-host", default=os.environ.get("REDIS_HOST"), help="host:port of a Valkey or Redis server")
    say("--redis-password", default=os.environ.get("REDIS_PASSWORD"))
    say("--webhook-url", action="append", default=[])
    say("--media-host", default="", help="address that media is received on; by default that of --bind, or the first own one")
    say("--workers", type=int, default=int(os.environ.get("RTC_WORKERS", "0")), help="media workers; 0 for one a core")
    say("--egress-socket", default="", help="Unix socket of the process that writes recordings")
    say("--empty-timeout", help="seconds that a room waits for the first to come (300)")
    say("--departure-timeout", help="seconds that a room waits after the last has left (20)")
    ours, keys = _keys(sys.argv[1:] if given is None else given)
    return parser.parse_args(ours), keys


def _keys(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words that are not `--some.key value`, `--some.key=value` or `--some.flag`, and what those say.

    No option of ours has a dot or an underscore in its name.
    """
    ours: list[str] = []
    keys: dict[str, str] = {}
    waiting = list(reversed(words))
    while waiting:
        word = waiting.pop()
        name, equals, said = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not ("." in name or "_" in name):
            ours.append(word)
        elif equals:
            keys[name] = said
        else:
            keys[name] = waiting.pop() if waiting and not waiting[-1].startswith("--") else "true"
    return ours, keys


def configuration(parsed: argparse.Namespace, others: Mapping[str, str]) -> Configuration:
    """What the command line, the environment and the file say together; raises `WrongConfiguration`."""
    text = parsed.config_body
    if not text and (path := parsed.config or parsed.file):
        try:
            text = file_text(Path(path), "it")
        except OSError as error:
            raise WrongConfiguration(f"the file cannot be read: {error.strerror}") from error
    options = {
        "keys": parsed.keys, "key_file": parsed.key_file, "port": parsed.port, "rtc.node_ip": parsed.node_ip,
        "rtc.udp_port": parsed.udp_port, "region": parsed.region, "redis.address": parsed.redis_host,
        "redis.password": parsed.redis_password, "room.empty_timeout": parsed.empty_timeout,
        "room.departure_timeout": parsed.departure_timeout, "development": "true" if parsed.dev else None,
        "bind_addresses": " ".join(parsed.bind) if parsed.bind else None,
        "webhook.urls": " ".join(parsed.webhook_url) if parsed.webhook_url else None,
    }  # fmt: skip
    said = {**{name: text for name, text in options.items() if text is not None}, **others}
    found = gather(text=text, given=said, environment=os.environ)
    return replace(found, media_host=parsed.media_host or _media_host(found))


def _media_host(found: Configuration) -> str:
    """Where media is received: on all addresses where clients are told of several, else where signalling is."""
    first = found.bind[0]
    if found.node_ip or found.loopback or first in {"", "0.0.0.0", "::"}:  # noqa: S104 -- compared with
        return ""
    return first


def workers_of(found: Configuration, asked: int) -> int:
    """How many workers: as asked, else one for each core that we may use, within the range of UDP ports."""
    first, last = found.udp_ports
    room = last - first + 1 if last > first else 64
    return max(1, min(asked or len(os.sched_getaffinity(0)), room))


def _commands(found: Configuration, sockets: Sequence[Path], egress: str) -> list[list[str]]:
    commands = []
    for index, path in enumerate(sockets):
        port = found.udp_ports[0] + index if found.udp_ports[0] else 0
        command = [sys.executable, "-m", "suite.rtc.worker", "--socket", str(path), "--index", str(index), "--port", str(port)]
        command += ["--tcp-port", str(found.tcp_port), "--host", found.media_host, "--advertise", found.node_ip]
        command += ["--egress-socket", egress, "--with-parent"]
        for url in found.webhook_urls:
            command += ["--webhook-url", url]
        commands.append(command + ["--loopback"] * found.loopback)
    return commands


def listening(found: Configuration, port: int) -> list[socket.socket]:
    """Sockets on `port` of each address; all addresses of both families where none is named. Raises `OSError`."""
    sockets = []
    for address in found.bind:
        family = socket.AF_INET6 if ":" in address or (not address and socket.has_dualstack_ipv6()) else socket.AF_INET
        try:
            if not address and family == socket.AF_INET6:
                sockets.append(socket.create_server(("", port), family=family, backlog=1024, dualstack_ipv6=True))
            else:
                sockets.append(socket.create_server((address, port), family=family, backlog=1024))
        except OSError:
            if address == "::1" and sockets:  # a machine without IPv6
                continue
            raise
    for sock in sockets:  # what is accepted takes it over; asyncio sets it only where the protocol's number is given
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sockets


async def _serve(found: Configuration, children: Children, sockets: Sequence[Path]) -> None:
    config = uvicorn.Config(
        "suite.rtc.standalone.asgi:application", log_config=None, ws_max_size=LARGEST_MESSAGE, ws_ping_interval=20.0,
        lifespan="off", ws="suite.kernel.handshakes:WebSocketProtocol", timeout_graceful_shutdown=3, server_header=False,
        access_log=False, timeout_keep_alive=IDLE,
    )  # fmt: skip
    config.load()  # while the workers start
    server = uvicorn.Server(config)
    # A port may be taken for a moment by what was here before. Who ends the server may end its workers with it.
    tasks = [asyncio.create_task(children.watch(is_ending=lambda: server.should_exit))]
    await wait_for(sockets, children)
    gc.collect()
    gc.freeze()  # what is loaded stays: it need not be looked at
    gc.set_threshold(*COLLECTED)
    if found.prometheus_port:
        from suite.rtc.standalone.metrics import serve  # noqa: PLC0415 -- needs the settings

        tasks.append(asyncio.create_task(serve(listening(found, found.prometheus_port), found.prometheus_user)))
    renewing: set[asyncio.Task[None]] = set()

    def renew() -> None:
        if not renewing:
            renewing.add(asyncio.create_task(children.renew()))
            next(iter(renewing)).add_done_callback(renewing.discard)

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, renew)
    doors = listening(found, found.port)
    log.info("listening", addresses=list(found.bind), port=found.port, workers=len(sockets))
    await server.serve(sockets=doors)
    for task in [*tasks, *renewing]:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def main() -> None:
    """The command."""
    parsed, others = arguments()
    try:
        found = configuration(parsed, others)
    except WrongConfiguration as wrong:
        sys.exit(f"{parsed.config or parsed.file or 'The configuration'}: {wrong}.")
    configure({"level": {"warn": "WARNING"}.get(found.log_level, found.log_level.upper())})
    for warning in found.warnings:
        log.warning("configuration", said=warning)
    if parsed.dev:
        log.warning("development", said="the key devkey has a secret that everyone knows: for development alone")
    # uvicorn raises the signal that stopped it once more when it is done: the workers are still to be stopped then.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="rtc-") as folder:
        sockets = [Path(folder) / f"worker{index}.sock" for index in range(workers_of(found, parsed.workers))]
        key, secret = found.signing
        limit = min(found.signal_limit or LARGEST_MESSAGE, LARGEST_MESSAGE)
        told = {
            "keys": dict(found.keys), "sockets": [str(path) for path in sockets], "valkey": found.redis_url,
            "message_limit": limit, "body_limit": found.body_limit,
        }  # fmt: skip
        environment = {"LIVEKIT_API_KEY": key, "LIVEKIT_API_SECRET": secret, "RTC_ROOMS": json.dumps(dict(found.rooms))}
        os.environ.update(DJANGO_SETTINGS_MODULE="suite.rtc.standalone.settings", RTC_STANDALONE=json.dumps(told))
        children = Children(_commands(found, sockets, parsed.egress_socket), environment)
        children.start()
        try:
            uvloop.run(_serve(found, children, sockets))
        except OSError as error:
            sys.exit(f"The media server cannot listen: {error.strerror}.")  # which names address and port
        finally:
            children.stop()
