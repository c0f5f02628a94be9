"""What the plane does by the clock: feedback to publishers, reports to subscribers, loudness, silent layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from suite.rtc.core.media import AudioLevels, LayerRates, Report
from suite.rtc.packets import rtcp
from suite.rtc.packets.layer import NTP_SECOND
from suite.rtc.transport.association import Association
from suite.rtc.transport.commands import Commands

FEEDBACK: Final = 0.1  # s between transport-wide feedbacks
REPORTS: Final = 1.0  # s between receiver and sender reports
LEVELS: Final = 0.3  # s of an AudioLevels report
SETTLED: Final = 3  # sender reports after which a reader knows a stream's clock (libwebrtc takes two)
SELDOM: Final = 4.5  # s between those that follow: each fifth round
TOGETHER: Final = 1_100  # bytes of sender reports that leave as one packet (RFC 8108, 5.3)
_SPEECH: Final = 127 - 50  # of RFC 6464's level turned round: quieter than -50 dBov is not speech
_SMOOTHING: Final = 0.5


class Rounds:
    """The rounds and when each is due."""

    def __init__(self, commands: Commands, *, report: Callable[[Report], None]) -> None:
        self._commands = commands
        self._report = report
        self._feedback_due = self._rates_due = self._levels_due = 0.0
        self._loudness: dict[str, float] = {}

    def tick(self, now: float, associations: Iterable[Association]) -> None:
        """Do what is due at `now`."""
        for track, association in self._commands.tracks.values():
            track.tick(now, association.router.round_trip)
        for association in associations:
            if association.line.restless:
                association.line.tick(now)
        if now >= self._feedback_due:
            self._feedback_due = now + FEEDBACK
            self._feedback(associations)
        if now >= self._levels_due:
            self._levels_due = now + LEVELS
            self._levels(associations)
        if now >= self._rates_due:
            self._rates_due = now + REPORTS
            self._layer_rates(now)
        for association in associations:
            line = association.line
            if now >= line.reports_due:
                line.reports_due = max(line.reports_due + REPORTS, now + REPORTS / 2)  # late ones keep their turn
                line.count(now)
                self._receiver_reports(association, now)
                self._sender_reports(association, now)

    def _feedback(self, associations: Iterable[Association]) -> None:
        """Tell publishers what arrived, transport-wide."""
        for association in associations:
            if association.router.tracks:
                feedback = association.router.arrivals.feedback(association.router.sender)
                if feedback:
                    association.line.send_rtcp(feedback)

    def _levels(self, associations: Iterable[Association]) -> None:
        """One report of who speaks how loud; tracks that have fallen silent are named once more with 0."""
        heard: dict[str, float] = {}
        for association in associations:
            for track, layer in association.router.layers():
                taken = layer.loudness_taken()
                if taken is not None:
                    loudest, mean = taken
                    heard[track.sid] = (loudest + mean) / 254 if loudest >= _SPEECH else 0.0
        levels = {}
        for sid in heard.keys() | self._loudness.keys():
            before = self._loudness.get(sid, 0.0)
            level = before + (heard.get(sid, 0.0) - before) * _SMOOTHING
            if level > 0.05:
                levels[sid] = self._loudness[sid] = level
            elif self._loudness.pop(sid, None) is not None:
                levels[sid] = 0.0
        if levels:
            self._report(AudioLevels(levels))

    def _layer_rates(self, now: float) -> None:
        """Tell what each picture's layers take, where it has changed by a tenth."""
        for track, _ in self._commands.tracks.values():
            rates = track.rates(now) if track.kind == "video" else None
            if rates is not None:
                self._report(LayerRates(track.sid, rates))

    def _receiver_reports(self, association: Association, now: float) -> None:
        """Tell a publisher what arrived of its streams, and control what did not."""
        bound = association.router.layers()
        if not bound:
            return
        blocks, expected, lost = [], 0, 0
        for _, layer in bound:
            block, awaited, missed = layer.report(now)
            blocks.append(block)
            expected += awaited
            lost += missed
        for at in range(0, len(blocks), 31):
            association.line.send_rtcp(rtcp.receiver_report(association.router.sender, blocks[at : at + 31]))
        if not association.router.numbers_packets():
            video = [layer.ssrc for track, layer in bound if track.kind == "video"][:32]
            allowed = association.allowance.after(lost / max(1, expected))
            if video:
                association.line.send_rtcp(rtcp.remb(association.router.sender, allowed, video))
        if expected:
            association.line.tell_loss(lost / expected, outbound=False)

    def _sender_reports(self, association: Association, now: float) -> None:
        """Tell a subscriber how its streams' timestamps belong to the publisher's clock, so that lips keep step.

        Who sees many gets many: they leave together, or they would be a tenth of all that is sent, and seldom once the
        clock is known, until it changes.
        """
        together = bytearray()
        for ssrc, (downtrack, track) in association.router.downtracks.items():
            if now < downtrack.report_due and downtrack.timestamp_offset == downtrack.reported_offset:
                continue  # most of them, and there are many
            if ssrc != downtrack.ssrc or downtrack.current < 0 or not downtrack.packets:
                continue
            layer, offset = track.layers[downtrack.current], downtrack.timestamp_offset
            if layer.sender_arrival < 0:
                continue
            if offset != downtrack.reported_offset:
                downtrack.reported_offset, downtrack.reports = offset, 0
            downtrack.reports += 1
            downtrack.report_due = now + SELDOM if downtrack.reports >= SETTLED else now
            passed = now - layer.sender_arrival
            ntp = layer.sender_ntp + int(passed * NTP_SECOND)
            timestamp = layer.sender_timestamp + int(passed * layer.clock_rate) + offset
            downtrack.reported = (ntp >> 16 & 0xFFFFFFFF, now)
            report = rtcp.sender_report(
                ssrc=downtrack.ssrc,
                ntp=ntp & 0xFFFFFFFFFFFFFFFF,
                timestamp=timestamp & 0xFFFFFFFF,
                packets=downtrack.packets,
                octets=downtrack.octets,
                name=track.sid.encode()[:64],
            )
            if together and len(together) + len(report) > TOGETHER:
                association.line.send_rtcp(bytes(together))
                together.clear()
            together += report
        if together:
            association.line.send_rtcp(bytes(together))
