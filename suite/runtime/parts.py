"""Suite's processes: each a command that an operator can run alone, in the order in which they start."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from suite.runtime.child import Command
from suite.runtime.environment import MEDIA, PROVIDER, Environment
from suite.runtime.folders import ROOT, Folders
from suite.runtime.health import Probe, http_answers, socket_accepts
from suite.runtime.kept import Ports
from suite.runtime.node import node_folder

# A first sign-in or a first frame must not wait for what may come later.
BEHIND = 5  # niceness of short tasks
FAR_BEHIND = 15  # niceness of speech
SOCKETS: Final = ("--ws", "suite.kernel.handshakes:WebSocketProtocol", "--ws-max-size", "1048576")  # bytes of a message


class Stage(enum.IntEnum):
    """Stages start one after the other and stop in reverse."""

    ENGINES = 0
    PAGES = 1
    WORK = 2


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the Suite; `ready` says when it answers, `before` runs ahead of each start."""

    command: Command
    stage: Stage
    ready: Probe | None = None
    ready_seconds: float = 60.0
    before: Callable[[], Awaitable[object]] | None = None


def parts_of(*, environment: Environment, folders: Folders, ports: Ports, workers: int) -> list[Part]:
    """What runs beside the engines, given what the operator brought along."""
    parts = [_web(environment=environment, ports=ports)]
    if environment.has_media:
        parts += [_media(environment=environment, folders=folders, ports=ports, number=number) for number in range(workers)]
    if environment.has_provider:
        parts.append(_provider(environment=environment, ports=ports))
    if environment.has_media:
        egress = _python("egress", "suite.rtc.egress", environment=environment.only(MEDIA), niceness=BEHIND)
        parts.append(Part(command=egress, stage=Stage.WORK, ready=socket_accepts(str(folders.sockets / "egress.sock"))))
    dispatcher = (sys.executable, "manage.py", "outbox_dispatch")
    parts.append(Part(command=_command("dispatcher", dispatcher, environment=environment.shared), stage=Stage.WORK))
    parts += _celery(environment=environment, folders=folders)
    return parts


def manage(environment: Environment, *words: str) -> Command:
    """`manage.py` with the rights of the database's owner."""
    return _command(words[0].split("_")[0], (sys.executable, "manage.py", *words), environment=environment.owner)


def _web(*, environment: Environment, ports: Ports) -> Part:
    given = environment.shared
    options = ["--host", given.get("BIND_ADDRESS", "127.0.0.1"), "--port", str(ports.web)]
    options += [
        "--lifespan",
        "off",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        *SOCKETS,
        "--timeout-keep-alive",
        "75",  # s: longer than front servers keep an idle connection, so that they hang up first
    ]
    options += ["--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "2", "--log-level", "warning"]
    options += ["--proxy-headers" if given.get("BEHIND_PROXY") == "1" else "--no-proxy-headers"]
    command = _python("web", "uvicorn", "suite.config.asgi:application", *options, environment=given)
    return Part(command=command, stage=Stage.PAGES, ready=http_answers(port=ports.web, path="/healthz"))


def _media(*, environment: Environment, folders: Folders, ports: Ports, number: int) -> Part:
    path = str(folders.sockets / f"rtc-{number}.sock")
    # What browsers are told is what is listened on, where nothing else is said.
    host = environment.shared.get("MEDIA_BIND", environment.shared["MEDIA_ADDRESS"])
    options = ("--socket", path, "--host", host, "--port", str(ports.media + number), "--index", str(number))
    command = _python(f"media-{number}", "suite.rtc.worker", *options, environment=environment.only(MEDIA))
    return Part(command=command, stage=Stage.PAGES, ready=socket_accepts(path))


def _provider(*, environment: Environment, ports: Ports) -> Part:
    argv = (str(node_folder() / "node"), "--max-old-space-size=128", "provider/server.mjs")
    command = _command("provider", argv, environment=environment.only(PROVIDER))
    probe = http_answers(port=ports.provider, path="/.well-known/openid-configuration")
    return Part(command=command, stage=Stage.PAGES, ready=probe)


def _celery(*, environment: Environment, folders: Folders) -> list[Part]:
    # Celery warns root about pickle, which no queue of ours accepts (settings: CELERY_ACCEPT_CONTENT).
    shared = {**environment.shared, "PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
    app = ("-q", "-A", "suite.config")
    worker = (*app, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
    short = ("-Q", "default", "-n", "short@%h", "--pool", "threads", "--concurrency", "4")
    beat = (*app, "beat", "--schedule", str(folders.var / "run" / "beat"), "--pidfile=", "--loglevel", "WARNING")
    commands = [
        _python("short", "celery", *worker, *short, environment=shared, niceness=BEHIND),
        _python("beat", "celery", *beat, environment=shared, niceness=BEHIND),
    ]
    if environment.speech:
        threads = environment.shared.get("SPEECH_THREADS", "1")
        # pyannote's libraries take every core for themselves otherwise: 57 CPU seconds instead of 5 for 30 s of sound.
        alone = {**shared, "OMP_NUM_THREADS": threads, "PYANNOTE_METRICS_ENABLED": "0", "HF_HUB_OFFLINE": "1"}
        long = ("-Q", "speech", "-n", "speech@%h", "--pool", "prefork", "--concurrency", "1")
        commands.append(_python("speech", "celery", *worker, *long, environment=alone, niceness=FAR_BEHIND))
    return [Part(command=command, stage=Stage.WORK) for command in commands]


def _python(name: str, module: str, *words: str, environment: Mapping[str, str], niceness: int = 0) -> Command:
    # `-m` and not the script of the same name: its first line breaks where the path holds a space.
    return _command(name, (sys.executable, "-m", module, *words), environment=environment, niceness=niceness)


def _command(name: str, argv: tuple[str, ...], *, environment: Mapping[str, str], niceness: int = 0) -> Command:
    variables = {**environment, "PYTHONPATH": os.fspath(ROOT)}
    return Command(name=name, argv=argv, environment=variables, folder=ROOT, niceness=niceness, stop_seconds=5.0)
