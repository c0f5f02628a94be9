"""What is made once and kept under `var/`: secrets and ports."""

from __future__ import annotations

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


def keep_ports(var: Path, *, web: int | None, workers: int) -> Ports:
    """The ports of this copy: those of last time, or free ones; `web` as asked for.

    Raises `Refusal` where a port that people or identities rely on is taken.
    """
    path = var / "ports.json"
    known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    if web is not None:
        if not is_tcp_free(web):
            raise Refusal(f"Port {web} is taken by another program: choose another, as `make run PORT={_free(web + 1)}`.")
        known.setdefault("web", web)
    elif "web" in known and not is_tcp_free(known["web"]):
        taken = known["web"]
        raise Refusal(
            f"Port {taken} is taken by another program: stop it, or choose another, as `make run PORT={_free(taken + 1)}`."
        )
    if "provider" in known and not is_tcp_free(known["provider"]):
        raise Refusal(
            f"Port {known['provider']}, which the demonstration's accounts are tied to, is taken by another program: "
            "stop that program first."
        )
    media = known.get("media", FIRST_MEDIA_PORT)
    ports = Ports(
        web=known.get("web") or _free(FIRST_WEB_PORT),
        provider=known.get("provider") or _free(FIRST_PROVIDER_PORT),
        media=next(port for port in range(media, media + TRIES) if all(is_udp_free(port + k) for k in range(workers))),
    )
    _write_private(path, asdict(ports))
    return replace(ports, web=web) if web is not None else ports


def is_tcp_free(port: int) -> bool:
    """Whether nothing listens on `port` of this machine's loopback, over IPv4 or IPv6."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family, socket.SOCK_STREAM) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((address, port))
                trial.listen(1)
        except OSError as error:
            if family == socket.AF_INET or error.errno == 98:
                return False
    return True


def is_udp_free(port: int) -> bool:
    """Whether nothing receives on UDP `port` of any address of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind(("", port))
        except OSError:
            return False
    return True


def _free(first: int) -> int:
    return next((port for port in range(first, min(first + TRIES, 65536)) if is_tcp_free(port)), first)


def _write_private(path: Path, values: dict[str, str] | dict[str, int]) -> None:
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(values, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
