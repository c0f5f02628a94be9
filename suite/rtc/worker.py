"""One media worker: `python -m suite.rtc.worker --socket PATH --port UDP`. The glue between control, packets and the web.

It has no Django and no database. Its key and secret, which sign webhooks and refreshed tokens, come from the
environment (`LIVEKIT_API_KEY`, `LIVEKIT_API_SECRET`), as arguments can be read by everyone on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import ipaddress
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

from google.protobuf.message import DecodeError
from livekit.protocol import rtc

from suite.kernel.logs import configure, get_logger
from suite.rtc.core import effects as out
from suite.rtc.core import inputs
from suite.rtc.core.control import Control
from suite.rtc.core.counting import count_rooms
from suite.rtc.core.errors import RemoteError, ServiceError
from suite.rtc.core.grants import Grants
from suite.rtc.core.ice import turn_servers
from suite.rtc.core.identifiers import Identifiers
from suite.rtc.core.media import Report
from suite.rtc.core.settings import Settings, TurnServer
from suite.rtc.link.frames import Frame, Kind, pack, unpack
from suite.rtc.link.server import ChannelId, LinkServer
from suite.rtc.signalling import twirp, whip
from suite.rtc.signalling.messages import signal_request, signal_response
from suite.rtc.signalling.tokens import sign
from suite.rtc.transport.addresses import addresses
from suite.rtc.transport.loop import run
from suite.rtc.transport.plane import MediaPlane
from suite.rtc.transport.tcp import TcpFront
from suite.rtc.webhooks import WebhookSender

log = get_logger("suite.rtc.worker")

LOAD_INTERVAL: Final = 1.0  # seconds


class Worker:
    """Runs control: inputs in, effects carried out in order."""

    def __init__(self, arguments: argparse.Namespace, *, key: str, secret: str) -> None:
        self._arguments = arguments
        self._key, self._secret = key, secret
        self._loop = asyncio.get_running_loop()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._link = LinkServer(self._receive, self._greeting)
        self._webhooks = WebhookSender(arguments.webhook_url, key, secret)
        self._plane: MediaPlane | None = None
        self._tcp: TcpFront | None = None
        self._control: Control | None = None
        self._load_timer: asyncio.TimerHandle | None = None
        self._busy = (self._loop.time(), time.process_time())
        self._octets = (0.0, 0)  # carried until then
        self._parent = os.getppid()
        self.draining, self.drained, self.orphaned = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._written: tuple[rtc.SignalResponse | None, bytes] = (None, b"")
        # Seconds since the epoch at the loop's own pace, so that a clock that is set back disturbs no timer.
        self._epoch = time.time() - self._loop.time()

    async def start(self) -> None:
        """Open the media port, then listen for web processes."""
        given = self._arguments
        found = addresses(host=given.host, public=given.advertise, loopback=given.loopback)
        first, *others = found.bound
        self._plane = await MediaPlane.start(host=first, port=given.port, advertise=None, report=self._reported, also=others)
        near = (first, self._plane.port)
        self._tcp = TcpFront(index=given.index, folder=Path(given.socket).parent, plane=near, count=self._plane.count)
        if given.tcp_port and given.index == 0:  # the first worker takes connections for all
            self._tcp.listen(found.bound, given.tcp_port)
        settings = Settings(
            fingerprint=self._plane.fingerprint[1],
            candidates=found.candidates(udp_port=self._plane.port, tcp_port=given.tcp_port),
            node_id=f"ND_suite{given.index}",
            ice_servers=((tuple(given.stun_url), "", ""),) if given.stun_url else (),
            egress_socket=given.egress_socket,
            turn_servers=_turn_servers(),
        ).changed(json.loads(os.environ.get("RTC_ROOMS") or "{}"))
        self._control = Control(settings, Identifiers(SystemRandom(), given.index))
        await self._link.start(Path(given.socket))
        self._report_load()
        kernel = "c" if self._plane.kernel is not None else "python"
        log.info("worker_ready", index=given.index, udp_port=self._plane.port, kernel=kernel, why=self._plane.kernel_said)

    async def stop(self) -> None:
        """Tell everyone to start over, then hang up."""
        if self._control is not None:
            self._handle(inputs.Draining())
            self._link.broadcast(Kind.LOAD, self._load())
            self._carry_out(self._control.close(self._now()))
        for timer in self._timers.values():
            timer.cancel()
        if self._load_timer is not None:
            self._load_timer.cancel()
        await self._link.close()
        if self._plane is not None:
            await self._plane.close()
        if self._tcp is not None:
            self._tcp.close()
        await self._webhooks.close()
        log.info("worker_stopped", index=self._arguments.index)

    def _now(self) -> float:
        return self._epoch + self._loop.time()

    # --- inputs ----------------------------------------------------------------------------------------------------

    def _handle(self, happened: inputs.Input) -> None:
        if self._control is not None:
            self._carry_out(self._control.handle(happened, self._now()))

    def _reported(self, report: Report) -> None:
        self._handle(inputs.Reported(report))

    def _receive(self, channel: ChannelId, frame: Frame) -> None:
        """A frame from a web process; what cannot be read closes its channel and nothing else."""
        try:
            match frame.kind:
                case Kind.JOIN:
                    self._handle(_joined(channel, frame.payload))
                case Kind.MESSAGE:
                    self._handle(inputs.Signalled(channel, signal_request(frame.payload)))
                case Kind.GONE:
                    self._handle(inputs.SignallingClosed(channel))
                case Kind.CALL:
                    self._handle(_asked(channel, frame.payload))
                case Kind.RESTORE:
                    head, body = unpack(frame.payload)
                    self._handle(inputs.Restored(str(head["room"]), json.loads(body)))
                case Kind.DRAIN:
                    self.drain()
                case _:
                    log.warning("frame_unexpected", kind=frame.kind.name)
        except (RemoteError, DecodeError, ServiceError) as error:
            log.info("frame_refused", kind=frame.kind.name, reason=str(error))
            self._give_up(channel, frame.kind, 1003, "malformed request")
        except Exception:  # a mistake of ours costs the one who met it, not everybody on this link
            log.exception("control_failed", kind=frame.kind.name)
            self._give_up(channel, frame.kind, 1011, "internal error")

    def _give_up(self, channel: ChannelId, kind: Kind, code: int, message: str) -> None:
        """End a channel whose frame could not be acted on, in the words that its kind expects."""
        if kind is Kind.CALL:
            self._link.send(channel, Kind.ERROR, pack({"code": "internal", "message": message}))
        elif kind is Kind.JOIN:
            self._link.send(channel, Kind.REFUSE, pack({"status": 500, "message": message}))
        else:
            self._link.send(channel, Kind.CLOSE, pack({"code": code}))

    # --- what web processes are told of this worker -------------------------------------------------------------------

    def _greeting(self) -> list[tuple[Kind, bytes]]:
        """What a web process has to know before it asks: how much there is to do, and every room with what outlives us."""
        rooms = self._control.rooms if self._control is not None else {}
        told = [(Kind.LOAD, self._load())]
        for name, room in rooms.items():
            told += [(Kind.REMEMBER, _remembered(name, key, record)) for key, record in room.state.kept.items()]
        return told

    def _load(self) -> bytes:
        rooms = self._control.rooms if self._control is not None else {}
        now, used = self._loop.time(), time.process_time()
        elapsed = now - self._busy[0]
        cpu = (used - self._busy[1]) / elapsed if elapsed > 0 else 0.0
        draining = self._control is not None and self._control.draining
        counts = count_rooms(room.state for room in rooms.values())
        counts["tasks"] = len(asyncio.all_tasks(self._loop))
        counts["media"] = self._plane.statistics() if self._plane is not None else {}
        said = {"cpu": round(cpu, 3), "rooms": len(rooms), "participants": counts["participants"], "draining": draining}
        return pack({**said, "counts": counts})

    def _report_load(self) -> None:
        if self._arguments.with_parent and os.getppid() != self._parent:
            log.warning("parent_gone", index=self._arguments.index)
            self.orphaned.set()
            return
        self._report_carried()
        self._link.broadcast(Kind.LOAD, self._load())
        self._busy = (self._loop.time(), time.process_time())
        self._load_timer = self._loop.call_later(LOAD_INTERVAL, self._report_load)

    def _report_carried(self) -> None:
        """Tell control how much is carried, where there is a limit to it."""
        if self._plane is None or self._control is None or not self._control.settings.byte_rate_limit:
            return
        now, counts = self._loop.time(), self._plane.statistics()
        octets = counts["bytes_in"] + counts["bytes_out"]
        at, before = self._octets
        self._octets = (now, octets)
        if at:
            self._handle(inputs.Carried((octets - before) / (now - at)))

    def drain(self) -> None:
        """Take no new rooms, and be done when the last one has ended."""
        log.info("worker_draining", rooms=len(self._control.rooms) if self._control is not None else 0)
        self._handle(inputs.Draining())
        self.draining.set()
        self._link.broadcast(Kind.LOAD, self._load())
        self._see_whether_drained()

    def _see_whether_drained(self) -> None:
        if self._control is not None and self._control.draining:
            self._loop.call_soon(self._end_if_drained)

    def _end_if_drained(self) -> None:
        if self._control is not None and not self._control.rooms:
            self.drained.set()

    # --- effects ---------------------------------------------------------------------------------------------------

    def _carry_out(self, effects: Sequence[out.Effect]) -> None:
        with self._plane.together() if self._plane is not None else contextlib.nullcontext():
            self._do(effects)

    def _do(self, effects: Sequence[out.Effect]) -> None:
        for effect in effects:
            match effect:
                case out.Media():
                    if self._plane is not None and self._tcp is not None:
                        self._tcp.apply(effect.command)
                        self._plane.apply(effect.command)
                case out.Notify():
                    self._webhooks.send(effect.event)
                case out.SetTimer():
                    self._set_timer(effect)
                case out.CancelTimer():
                    timer = self._timers.pop(effect.key, None)
                    if timer is not None:
                        timer.cancel()
                case out.RoomEnded():
                    self._link.broadcast(Kind.ROOM_MOVED if effect.moved else Kind.ROOM_ENDED, effect.name.encode())
                    self._see_whether_drained()
                case out.Remember():
                    self._link.broadcast(Kind.REMEMBER, _remembered(effect.room, effect.key, effect.record))
                case _:
                    self._send(effect)

    def _send(self, effect: out.Accept | out.Refuse | out.Send | out.SendToken | out.Close | out.Reply) -> None:
        link = self._link
        match effect:
            case out.Send():
                if self._written[0] is not effect.message:  # news for everyone is written once
                    self._written = (effect.message, signal_response(effect.message))
                link.send(effect.connection, Kind.MESSAGE, self._written[1])
            case out.SendToken():
                token = sign(effect.grants, key=self._key, secret=self._secret, now=time.time())
                link.send(effect.connection, Kind.MESSAGE, signal_response(rtc.SignalResponse(refresh_token=token)))
            case out.Accept():
                link.send(effect.connection, Kind.ACCEPT)
            case out.Refuse():
                link.send(effect.connection, Kind.REFUSE, pack({"status": effect.status, "message": effect.message}))
                link.forget(effect.connection)
            case out.Close():
                link.send(effect.connection, Kind.CLOSE, pack({"code": effect.code}))
            case out.Reply():
                if isinstance(effect.result, ServiceError):
                    refusal = {"code": effect.result.code, "message": effect.result.message}
                    link.send(effect.request, Kind.ERROR, pack(refusal))
                else:
                    link.send(effect.request, Kind.REPLY, effect.result.SerializeToString())
                link.forget(effect.request)

    def _set_timer(self, effect: out.SetTimer) -> None:
        old = self._timers.pop(effect.key, None)
        if old is not None:
            old.cancel()
        delay = max(0.0, effect.at - self._now())
        self._timers[effect.key] = self._loop.call_later(delay, self._fire, effect.key)

    def _fire(self, key: str) -> None:
        self._timers.pop(key, None)
        self._handle(inputs.TimerFired(key))


def _remembered(room: str, key: str, record: Mapping[str, Any] | None) -> bytes:
    """The payload of REMEMBER."""
    if record is None:
        return pack({"room": room, "key": key, "gone": True})
    return pack({"room": room, "key": key}, json.dumps(record, separators=(",", ":")).encode())


def _joined(channel: ChannelId, payload: bytes) -> inputs.Joined:
    head, body = unpack(payload)
    request = rtc.JoinRequest.FromString(body)
    grants = Grants.from_claims(head["claims"])
    return inputs.Joined(channel, grants, request, bool(head["single"]), bool(head.get("only_asking")))


def _asked(channel: ChannelId, payload: bytes) -> inputs.Input:
    head, body = unpack(payload)
    name = str(head["method"])
    if name in whip.METHODS:
        return whip.read(channel, name, body)
    method = twirp.METHODS.get(name)
    if method is None:
        raise RemoteError("unknown method")
    return inputs.Asked(channel, name, method.request.FromString(body))


def _turn_servers() -> tuple[TurnServer, ...]:
    """Those of the whole Suite's settings; a media server by itself is told by its configuration."""
    environment = os.environ
    secret, ttl = environment.get("TURN_SECRET", ""), int(environment.get("TURN_TTL") or "0")
    return turn_servers(environment.get("TURN_URLS", ""), secret=secret, ttl=ttl)


def _address(text: str) -> str:
    """IP addresses with commas between, or nothing."""
    return ",".join(str(ipaddress.ip_address(one.strip())) for one in text.split(",") if one.strip())


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; what it does not say is taken from the environment, as the whole Suite's web process takes it."""
    parser = argparse.ArgumentParser(prog="python -m suite.rtc.worker", description="One media worker of Suite.")
    parser.add_argument("--socket", required=True, help="Unix socket to listen on for web processes")
    parser.add_argument("--port", type=int, default=7882, help="UDP port for media; 0 chooses one")
    tcp = int(os.environ.get("MEDIA_TCP_PORT") or "0")
    parser.add_argument("--tcp-port", type=int, default=tcp, help="TCP port for media, the same for all workers; 0 for none")
    parser.add_argument("--host", type=_address, default="0.0.0.0", help="address to listen on for media")  # noqa: S104 -- media comes from anywhere
    environment = os.environ
    urls = [url for url in environment.get("LIVEKIT_WEBHOOK_URLS", "").split(",") if url.strip()]
    egress = environment.get("RTC_EGRESS_SOCKET", "").removeprefix("-")
    public = environment.get("MEDIA_ADDRESS", "")
    parser.add_argument("--advertise", type=_address, default=public, help="address that clients are told, beside our own")
    parser.add_argument("--index", type=int, default=0, help="number of this worker")
    parser.add_argument("--egress-socket", default=egress, help="Unix socket of the process that writes recordings")
    parser.add_argument("--webhook-url", action="append", default=None, help="where events are sent; may be repeated")
    parser.add_argument("--stun-url", action="append", default=[], help="STUN or TURN servers that clients are told")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one is gone")
    parser.add_argument("--loopback", action="store_true", help="tell clients of 127.0.0.1 too")
    drain = float(environment.get("RTC_DRAIN_SECONDS", "0"))
    parser.add_argument("--drain-seconds", type=float, default=drain, help="seconds that its rooms may last then")
    parsed = parser.parse_args(given)
    parsed.webhook_url = parsed.webhook_url or urls
    return parsed


async def serve(given: argparse.Namespace) -> None:
    """Run a worker until it is told to stop (SIGTERM, SIGINT)."""
    loop = asyncio.get_running_loop()
    key, secret = os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"]
    worker = Worker(given, key=key, secret=secret)
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await worker.start()
    loop.add_signal_handler(signal.SIGUSR1, worker.drain)
    gc.freeze()
    waits = (told.wait(), worker.orphaned.wait(), _drained(worker, given.drain_seconds))
    ends: list[asyncio.Task[Any]] = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for end in ends:
        end.cancel()
    await worker.stop()


async def _drained(worker: Worker, seconds: float) -> None:
    """Wait until a worker that drains has no rooms left, or `seconds` after it began to (0: as long as they last)."""
    await worker.draining.wait()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(worker.drained.wait(), seconds or None)


def main() -> None:
    """The command."""
    given = arguments()
    configure()
    missing = [name for name in ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET") if not os.environ.get(name)]
    if missing:
        sys.exit(f"{missing[0]} is not set: a worker signs webhooks and refreshed tokens with it.")
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))  # a socket for each peer
    try:
        run(serve(given))
    except ValueError as error:
        sys.exit(f"The media worker was told what it cannot use: {error}.")
    except OSError as error:
        ports = f"UDP port {given.port}" + (f", TCP port {given.tcp_port}" if given.tcp_port else "")
        sys.exit(f"The media worker cannot listen on {ports} or {given.socket}: {error.strerror}.")


if __name__ == "__main__":
    main()
