"""What is made once and kept under `var/`: secrets and ports."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from suite.runtime.refusal import Refusal

FIRST_WEB_PORT = 8000
FIRST_PROVIDER_PORT = 9300
FIRST_MEDIA_PORT = 7882
TRIES = 200
SPREAD = 500  # copies that first start at the same time begin their search at different ports


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Random, hexadecimal, 256 bits each, readable by this user alone."""

    secret_key: str
    superuser_password: str
    owner_password: str
    application_password: str
    livekit_secret: str
    oidc_client_secret: str


@dataclass(frozen=True, kw_only=True)
class Ports:
    """TCP for the pages and the demonstration provider; UDP for the first media worker, worker k adds k."""

    web: int
    provider: int
    media: int


def keep_secrets(var: Path) -> Secrets:
    """The secrets of this copy, made at the first call."""
    path = var / "secrets.json"
    names = list(Secrets.__dataclass_fields__)
    known = json.loads(path.read_text()) if path.exists() else {}
    values = {name: known.get(name) or secrets.token_hex(32) for name in names}
    if values != known:
        _write_private(path, values)
    return Secrets(**values)


def keep_ports(var: Path, *, web: int | None, workers: int, media: int | None = None, has_provider: bool = True) -> Ports:
    """The ports of this copy: those of last time, or free ones; `web` and `media` as asked for.

    Raises `Refusal` where a port that people or identities rely on cannot be had.
    """
    path = var / "ports.json"
    known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    asked = web or known.get("web")
    if asked is not None and (obstacle := tcp_obstacle(asked)):
        raise Refusal(f"Port {asked} {obstacle}: choose another, as `make run PORT={_free(asked + 1)}`.")
    if has_provider and "provider" in known and tcp_obstacle(known["provider"]):
        raise Refusal(
            f"Port {known['provider']}, which the demonstration's accounts are tied to, is taken by another program: "
            "stop that program first."
        )
    offset = int(hashlib.sha256(os.fsencode(var.resolve())).hexdigest(), 16) % SPREAD
    first_media = known.get("media", FIRST_MEDIA_PORT + 4 * offset)
    ports = Ports(
        web=known.get("web") or web or _free(FIRST_WEB_PORT),
        provider=known.get("provider") or _free(FIRST_PROVIDER_PORT + offset),
        media=_free_media(first_media, workers) if media is None else known.get("media", media),
    )
    _write_private(path, asdict(ports))
    return replace(ports, web=web or ports.web, media=media or ports.media)


def known_ports(var: Path) -> Ports | None:
    """The ports of last time; None where this copy never ran."""
    path = var / "ports.json"
    return Ports(**json.loads(path.read_text())) if path.exists() else None


def tcp_obstacle(port: int) -> str:
    """What keeps us from listening on `port` of this machine's loopback, over IPv4 or IPv6; empty where nothing does."""
    if not 0 < port < 65536:
        return "is no port"
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((address, port))
                trial.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return "is taken by another program"
            if error.errno == errno.EACCES:
                return "is for root alone"
            if family == socket.AF_INET:
                return f"cannot be listened on ({error.strerror})"
    return ""


def is_udp_free(port: int) -> bool:
    """Whether nothing receives on UDP `port` of any address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(("", port))
        except OSError:
            return False
    return True


def _free(first: int) -> int:
    return next((port for port in range(max(first, 1024), min(first + TRIES, 65536)) if not tcp_obstacle(port)), FIRST_WEB_PORT)


def _free_media(first: int, workers: int) -> int:
    return next((port for port in range(first, first + TRIES) if all(is_udp_free(port + k) for k in range(workers))), first)


def _write_private(path: Path, values: dict[str, str] | dict[str, int]) -> None:
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(values, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
