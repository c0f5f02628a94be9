"""Control's commands, carried out on the tables."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from suite.rtc.core.media import (
    AddDowntrack,
    CloseTransport,
    Command,
    CopyEnded,
    MuteTrack,
    OpenTransport,
    Receive,
    RemoveDowntrack,
    Report,
    RequestKeyframe,
    RestartIce,
    SelectLayer,
    SendData,
    SetRemote,
    StartCopy,
    StopCopy,
    StopReceiving,
    Want,
)
from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.packets.router import Router
from suite.rtc.packets.track import Track
from suite.rtc.transport.association import Association
from suite.rtc.transport.certificate import Certificate
from suite.rtc.transport.copies import Copy
from suite.rtc.transport.line import Front

log = logging.getLogger(__name__)


class Plane(Front, Protocol):
    """What commands change of the plane."""

    certificate: Certificate

    def report(self, report: Report) -> None:
        """Tell control."""

    def association(self, name: str) -> Association | None:
        """The transport of that name."""

    def open_transport(self, association: Association) -> None:
        """Answer checks for a transport."""

    def rename_transport(self, association: Association, ufrag: str, password: str) -> None:
        """Answer checks under new credentials."""

    def close_transport(self, name: str) -> None:
        """Forget a transport."""

    def publishes(self, association: Association) -> None:
        """A transport publishes from now on."""


class Commands:
    """The tables of tracks and downtracks, and what each command does to them."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self.tracks: dict[str, tuple[Track, Association]] = {}
        self.downtracks: dict[int, tuple[Downtrack, Track, Association]] = {}
        self._copies: dict[str, Copy] = {}
        self._together = False
        self._disturbed: dict[Track | Router, None] = {}  # to be arranged: who receives has changed
        self._kept: list[Downtrack] = []  # those that came and went: the kernel may know them until then
        self._acts: dict[type, Callable[[Any], bool]] = {
            OpenTransport: self._open,
            SetRemote: self._set_remote,
            RestartIce: self._restart,
            CloseTransport: self._close,
            Receive: self._receive,
            StopReceiving: self._stop_receiving,
            MuteTrack: self._mute,
            AddDowntrack: self._add_downtrack,
            SelectLayer: self._select,
            RemoveDowntrack: self._remove_downtrack,
            RequestKeyframe: self._keyframe,
            Want: self._want,
            SendData: self._send_data,
            StartCopy: self._start_copy,
            StopCopy: self._stop_copy,
        }

    def apply(self, command: Command) -> None:
        """Carry a command out; one that names what is gone is noted and does nothing."""
        if not self._acts[type(command)](command):
            self._plane.count("commands_stale")
            log.debug("Nothing to do for %s: what it names is gone", type(command).__name__)
        if not self._together:
            self._arrange()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Arrange once for all commands that are applied within: who leaves a large room changes what everybody gets."""
        self._together = True
        try:
            yield
        finally:
            self._together = False
            self._arrange()

    def _arrange(self) -> None:
        disturbed, self._disturbed = self._disturbed, {}
        for one in disturbed:
            one.arrange()
        self._kept.clear()

    def _disturb(self, downtrack: Downtrack, track: Track, association: Association) -> None:
        self._disturbed[track] = self._disturbed[association.router] = None
        self._kept.append(downtrack)

    async def close(self) -> None:
        """End every copy, and drop every table."""
        copies = list(self._copies.values())
        for copy in copies:
            copy.stop("the media worker was stopped")
        for copy in copies:
            await copy.finished()
        self.tracks.clear()
        self.downtracks.clear()

    # --- transports

    def _open(self, command: OpenTransport) -> bool:
        if self._plane.association(command.transport) is not None:
            return False
        made = Association(command, front=self._plane, certificate=self._plane.certificate, report=self._plane.report)
        self._plane.open_transport(made)
        return True

    def _set_remote(self, command: SetRemote) -> bool:
        association = self._plane.association(command.transport)
        if association is not None:
            association.set_remote(command)
        return association is not None

    def _restart(self, command: RestartIce) -> bool:
        association = self._plane.association(command.transport)
        if association is not None:
            self._plane.rename_transport(association, command.ufrag, command.password)
        return association is not None

    def _close(self, command: CloseTransport) -> bool:
        association = self._plane.association(command.transport)
        if association is None:
            return False
        for sid in [sid for sid, (_, owner) in self.tracks.items() if owner is association]:
            self._stop_receiving(StopReceiving(sid))
        for number in [number for number, (_, _, owner) in self.downtracks.items() if owner is association]:
            self._remove_downtrack(RemoveDowntrack(number))
        association.router.arrange()  # what it has carried is counted once more as it goes
        self._plane.close_transport(command.transport)
        return True

    def _send_data(self, command: SendData) -> bool:
        association = self._plane.association(command.transport)
        if association is not None:
            source = self._plane.association(command.source) if command.source is not None else None
            association.send_data(command.label, command.payload, source=source.channels if source is not None else None)
        return association is not None

    def _want(self, command: Want) -> bool:
        association = self._plane.association(command.transport)
        if association is not None:
            association.line.want(command.bit_rate)
        return association is not None

    # --- tracks

    def _receive(self, command: Receive) -> bool:
        association = self._plane.association(command.transport)
        if association is None:
            return False
        known = self.tracks.get(command.track)
        if known is not None and known[1] is association:
            track = known[0]
            track.negotiated(command)
        else:
            if known is not None:
                self._stop_receiving(StopReceiving(command.track))
            track = Track(
                wanted=command, line=association.line, sender=association.router.sender, report=self._plane.report,
                kernel=self._plane.kernel,
            )  # fmt: skip
            self.tracks[command.track] = (track, association)
        association.router.receive(track, command)
        self._plane.publishes(association)
        return True

    def _stop_receiving(self, command: StopReceiving) -> bool:
        known = self.tracks.pop(command.track, None)
        if known is None:
            return False
        track, association = known
        association.router.forget(track)
        for copy in [copy for copy in self._copies.values() if copy.track is track]:
            copy.stop("track ended")
        for number in [downtrack.number for downtrack, _ in track.downtracks]:
            self._remove_downtrack(RemoveDowntrack(number))
        return True

    def _mute(self, command: MuteTrack) -> bool:
        known = self.tracks.get(command.track)
        if known is not None:
            known[0].mute(muted=command.muted)
        return known is not None

    def _keyframe(self, command: RequestKeyframe) -> bool:
        known = self.tracks.get(command.track)
        if known is not None:
            for layer in known[0].layers:
                known[0].ask_keyframe(layer, self._plane.clock())
        return known is not None

    # --- downtracks

    def _add_downtrack(self, command: AddDowntrack) -> bool:
        association = self._plane.association(command.transport)
        published = self.tracks.get(command.track)
        if association is None or published is None:
            return False
        known = self.downtracks.get(command.downtrack)
        if known is not None and (known[1] is not published[0] or known[2] is not association or known[0].ssrc != command.ssrc):
            self._remove_downtrack(RemoveDowntrack(command.downtrack))
            known = None
        if known is not None:
            downtrack = known[0]
        else:
            downtrack = Downtrack(number=command.downtrack, kind=command.kind, ssrc=command.ssrc, rtx_ssrc=command.rtx_ssrc)
            downtrack.trailers = command.trailers
            if command.kind == "video":
                downtrack.held_until = self._plane.clock() + command.delay
            track = published[0]
            track.add(downtrack, association.line)
            if command.begun:
                track.opening.add(downtrack, association.line, self._plane.clock())
            self.downtracks[command.downtrack] = (downtrack, track, association)
            association.router.send(downtrack, track)
            self._disturb(downtrack, track, association)
        downtrack.negotiated(command.codecs, command.extensions)
        return True

    def _select(self, command: SelectLayer) -> bool:
        known = self.downtracks.get(command.downtrack)
        if known is not None:
            known[1].select(known[0], command.layer, command.temporal, self._plane.clock())
        return known is not None

    def _remove_downtrack(self, command: RemoveDowntrack) -> bool:
        known = self.downtracks.pop(command.downtrack, None)
        if known is None:
            return False
        downtrack, track, association = known
        track.remove(downtrack)
        association.router.send_no_more(downtrack)
        self._disturb(downtrack, track, association)
        for ssrc in (downtrack.ssrc, downtrack.rtx_ssrc):
            association.line.forget_stream(ssrc)
        return True

    # --- copies

    def _start_copy(self, command: StartCopy) -> bool:
        known = self.tracks.get(command.track)
        if command.egress_id in self._copies:
            return False
        if known is None:
            self._plane.report(CopyEnded(command.egress_id, "the track is gone"))
            return False
        self._copies[command.egress_id] = Copy(command, track=known[0], report=self._copy_told, clock=self._plane.clock)
        return True

    def _stop_copy(self, command: StopCopy) -> bool:
        copy = self._copies.get(command.egress_id)
        if copy is not None:
            copy.stop("stopped")
        return copy is not None

    def _copy_told(self, report: Report) -> None:
        if isinstance(report, CopyEnded):
            self._copies.pop(report.egress_id, None)
        self._plane.report(report)
