"""Prometheus' page, under LiveKit's names (pkg/telemetry/prometheus of 1.13)."""

from __future__ import annotations

import asyncio
import base64
import hmac
import socket
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import uvicorn

from suite.rtc.placement import Load
from suite.rtc.workers import workers

TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"
# LiveKit's counter, its labels, and the media plane's own counter of the same.
PACKETS: Final = (
    ("livekit_packet_total", {"direction": "incoming", "transmission": "initial"}, "packets_in"),
    ("livekit_packet_total", {"direction": "outgoing", "transmission": "initial"}, "packets_out"),
    ("livekit_packet_total", {"direction": "outgoing", "transmission": "retransmit"}, "rtx_sent"),
    ("livekit_packet_bytes", {"direction": "incoming", "transmission": "initial"}, "bytes_in"),
    ("livekit_packet_bytes", {"direction": "outgoing", "transmission": "initial"}, "bytes_out"),
    ("livekit_packet_bytes", {"direction": "outgoing", "transmission": "retransmit"}, "rtx_bytes"),
    ("livekit_nack_total", {"direction": "incoming"}, "nack_received"),
    ("livekit_pli_total", {"direction": "outgoing"}, "keyframe_requests"),
)


def page(loads: Mapping[str, Load], *, tasks: int) -> str:
    """What all workers of this server count together; `tasks` are this process's own."""
    written: list[str] = []
    told: set[str] = set()
    for name, kind, labels, number in _samples(loads, tasks):
        if name not in told:
            told.add(name)
            written.append(f"# TYPE {name} {kind}")
        every = {**labels, "node_id": "suite", "node_type": "SERVER"}
        text = ",".join(f'{key}="{word}"' for key, word in sorted(every.items()))
        written.append(f"{name}{{{text}}} {number:g}" if isinstance(number, float) else f"{name}{{{text}}} {number}")
    return "\n".join(written) + "\n"


def _samples(loads: Mapping[str, Load], tasks: int) -> Iterator[tuple[str, str, dict[str, str], float]]:
    media, published, subscribed = Counter[str](), Counter[str](), Counter[str]()
    for load in loads.values():
        media.update(load.counts.get("media", {}))
        published.update(load.counts.get("published", {}))
        subscribed.update(load.counts.get("subscribed", {}))
    for name, labels, counted in PACKETS:
        yield name, "counter", {**labels, "country": ""}, media[counted]
    yield "livekit_room_total", "gauge", {}, sum(load.rooms for load in loads.values())
    yield "livekit_participant_total", "gauge", {}, sum(load.participants for load in loads.values())
    for kind in ("audio", "video"):
        yield "livekit_track_published_total", "gauge", {"kind": kind.upper()}, published[kind]
    for kind in ("audio", "video"):
        yield "livekit_track_subscribed_total", "gauge", {"kind": kind.upper()}, subscribed[kind]
    named = {path.rpartition("/")[2].partition(".")[0]: load for path, load in sorted(loads.items())}
    for worker, load in named.items():
        yield "suite_rtc_worker_cpu", "gauge", {"worker": worker}, float(load.cpu)
    yield "suite_rtc_tasks", "gauge", {"process": "signalling"}, tasks
    for worker, load in named.items():
        yield "suite_rtc_tasks", "gauge", {"process": worker}, load.counts.get("tasks", 0)
    for name, number in sorted(media.items()):
        yield "suite_rtc_media", "counter", {"what": name}, number


async def serve(sockets: list[socket.socket], user: tuple[str, str]) -> None:
    """Answer every request with the page; with `user`, a name and a password, only whoever says them."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        del receive
        if scope["type"] != "http":
            return
        allowed = not any(user) or _is(user, dict(scope["headers"]).get(b"authorization", b""))
        body = page(workers().loads(), tasks=len(asyncio.all_tasks())).encode() if allowed else b"unauthorized"
        headers = [(b"content-type", TYPE)] if allowed else [(b"www-authenticate", b'Basic realm="metrics"')]
        await send({"type": "http.response.start", "status": 200 if allowed else 401, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(application, log_config=None, lifespan="off", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # the signalling server has them
    await server._serve(sockets)  # noqa: SLF001 -- `serve` would take the signals of the signalling server


def _is(user: tuple[str, str], authorization: bytes) -> bool:
    said = base64.b64encode(":".join(user).encode())
    return hmac.compare_digest(authorization, b"Basic " + said)
