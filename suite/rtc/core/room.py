"""A room as a pure state machine: an input and the time go in, effects come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from suite.rtc.core import (
    administration,
    bandwidth,
    data,
    datatracks,
    egress,
    kept,
    layers,
    media,
    negotiation,
    presence,
    publishing,
    rpc,
    signals,
    speakers,
    subscribing,
    updates,
    whip,
)
from suite.rtc.core.effects import Close, Effect, Reply
from suite.rtc.core.errors import RemoteError, ServiceError
from suite.rtc.core.http_session import Offered, Patched, Withdrawn
from suite.rtc.core.inputs import Asked, Input, Joined, Reported, Signalled, SignallingClosed, TimerFired
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState

# RFC 6455, 7.4.1: data that cannot be understood.
UNSUPPORTED_DATA = 1003


class Room:
    """One room; `handle` never raises for what a peer or a caller sent."""

    def __init__(self, state: RoomState, records: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """`state.now` is the time; `records` where the room comes from a worker that is gone."""
        self.state = state
        if records is None:
            state.set_timer(presence.IDLE, float(state.empty_timeout))
            state.notify("room_started")
        else:
            state.set_timer(presence.IDLE, float(max(state.departure_timeout, presence.RETURN)))
            kept.restore(state, records)

    def started(self) -> list[Effect]:
        """The effects of the room's creation."""
        return self._take()

    def handle(self, happened: Input, now: float) -> list[Effect]:
        """Act on what happened at `now` (seconds) and return what is to be done, in order."""
        self.state.now = now
        match happened:
            case Joined():
                presence.joined(self.state, happened)
            case Signalled():
                self._signalled(happened)
            case SignallingClosed():
                presence.connection_lost(self.state, happened.connection)
            case Asked():
                self._asked(happened)
            case Reported():
                self._reported(happened.report)
            case TimerFired():
                self._timer(happened.key)
            case Offered() | Patched() | Withdrawn():
                self._by_http(happened)
        return self._take()

    def _take(self) -> list[Effect]:
        kept.news(self.state)
        effects, self.state.effects = self.state.effects, []
        return effects

    def _signalled(self, signalled: Signalled) -> None:
        participant = self.state.connections.get(signalled.connection)
        if participant is None:
            return
        try:
            signals.handle(self.state, participant, signalled.request)
        except RemoteError:
            self.state.emit(Close(signalled.connection, UNSUPPORTED_DATA))

    def _by_http(self, asked: Offered | Patched | Withdrawn) -> None:
        try:
            match asked:
                case Offered():
                    whip.offered(self.state, asked, whip.checked(asked))
                case Patched():
                    whip.patched(self.state, asked)
                case Withdrawn():
                    whip.withdrawn(self.state, asked)
        except ServiceError as refusal:
            self.state.emit(Reply(asked.request, refusal))

    def _asked(self, asked: Asked) -> None:
        call = administration.CALLS.get(asked.method)
        try:
            if asked.method == "RoomService/PerformRpc":
                rpc.call(self.state, asked.request, asked.message)
            elif call is not None:
                self.state.emit(Reply(asked.request, call(self.state, asked.message)))
            else:
                refusal = ServiceError("unimplemented", f"{asked.method} is not implemented")
                self.state.emit(Reply(asked.request, refusal))
        except ServiceError as refusal:
            self.state.emit(Reply(asked.request, refusal))

    def _reported(self, report: media.Report) -> None:
        state = self.state
        match report:
            case media.LayerStarted():
                publishing.layer_started(state, report)
            case media.LayerStopped():
                publishing.layer_stopped(state, report)
            case media.LayerRates():
                bandwidth.rates_measured(state, report)
            case media.AudioLevels():
                speakers.levels_measured(state, report.levels)
            case media.CopyStarted():
                egress.started(state, report)
            case media.CopyEnded():
                egress.ended(state, report)
            case _:
                self._transport_reported(report)

    def _transport_reported(
        self,
        report: media.TransportConnected
        | media.TransportFailed
        | media.ChannelOpened
        | media.DataReceived
        | media.Bandwidth
        | media.Loss,
    ) -> None:
        state = self.state
        found = state.by_transport(report.transport)
        if found is None:
            return
        participant, transport = found
        match report:
            case media.TransportConnected():
                presence.connected(state, participant, transport)
            case media.TransportFailed() if participant.http is not None:
                whip.transport_failed(state, participant, report.reason)
            case media.TransportFailed():
                presence.transport_failed(state, participant, transport)
            case media.ChannelOpened():
                transport.channels.add(report.label)
            case media.DataReceived():
                self._data(participant, report)
            case media.Bandwidth():
                bandwidth.measured(state, participant, report.bit_rate)
            case media.Loss():
                updates.line_measured(participant, loss=report.fraction)
                if report.outbound:
                    bandwidth.lost(state, participant, report.fraction)

    def _data(self, participant: Participant, report: media.DataReceived) -> None:
        if report.label == data.DATA_TRACK:
            datatracks.received(self.state, participant, report.payload)
        else:
            data.received(self.state, participant, report.label, report.payload)

    def _timer(self, key: str) -> None:
        name, _, rest = key.partition(":")
        TIMERS[name](self.state, rest)


def _unknown_track(state: RoomState, rest: str) -> None:
    participant, _, track = rest.partition(":")
    subscribing.unknown_track(state, participant, track)


# By the part of a timer's key before its colon; what follows says whom it concerns.
TIMERS: Final[dict[str, Callable[[RoomState, str], object]]] = {
    presence.IDLE: lambda state, _: presence.room_idle(state),
    updates.BATCH: lambda state, _: updates.flush(state),
    updates.TICK: lambda state, _: presence.tick(state),
    speakers.QUIET: lambda state, _: speakers.quiet(state),
    "gone": presence.gone,
    "first": presence.first_offer,
    "lower": layers.lower,
    "round": negotiation.unanswered,
    bandwidth.TIMER: bandwidth.recover,
    "unknown": _unknown_track,
    rpc.TIMER: rpc.timed_out,
}
