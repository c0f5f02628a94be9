"""All rooms of one worker: which room an input is for, and the calls that concern no room or all of them."""

from __future__ import annotations

from typing import Any, Final

from livekit.protocol import egress as egress_pb
from livekit.protocol import models, rtc
from livekit.protocol import room as room_pb

from suite.rtc.core import egress, kept, media, presence, profile, whip
from suite.rtc.core.administration import CALLS
from suite.rtc.core.counting import count_rooms
from suite.rtc.core.effects import Accept, Effect, Media, Refuse, Reply, RoomEnded
from suite.rtc.core.errors import DRAINING, ServiceError, no_egress, no_response, participant_not_found, room_not_found
from suite.rtc.core.grants import Grants
from suite.rtc.core.http_session import Offered, Patched, Withdrawn
from suite.rtc.core.identifiers import Identifiers
from suite.rtc.core.inputs import (
    Asked,
    Carried,
    ConnectionId,
    Draining,
    Input,
    Joined,
    Reported,
    Restored,
    Signalled,
    SignallingClosed,
    TimerFired,
)
from suite.rtc.core.room import Room
from suite.rtc.core.settings import Settings
from suite.rtc.core.state import RoomState

# What LiveKit says of a room that is not there: that it is not, or that nobody answers for it.
OF_A_ROOM: Final = frozenset({"RoomService/DeleteRoom", "RoomService/UpdateRoomMetadata", "Egress/StartTrackEgress"})
PASSED_ON: Final = frozenset(
    f"RoomService/{name}" for name in ("PerformRpc", "SendData", "MutePublishedTrack", "UpdateSubscriptions")
)


class Control:
    """The control of one worker, pure: `handle(input, now)` returns what is to be done, in order."""

    def __init__(self, settings: Settings, identifiers: Identifiers) -> None:
        self.settings = settings
        self.rooms: dict[str, Room] = {}
        self._identifiers = identifiers
        self._connections: dict[ConnectionId, str] = {}
        self._transports: dict[media.TransportId, str] = {}
        self._tracks: dict[media.TrackSid, str] = {}
        self._copies: dict[str, str] = {}
        self._byte_rate = 0.0
        self.draining = False

    def handle(self, happened: Input, now: float) -> list[Effect]:
        """Act on what happened at `now`, seconds since the epoch."""
        effects = self._act(happened, now)
        for effect in effects:
            if isinstance(effect, RoomEnded):
                self._forget(effect.name)
        return effects

    def _act(self, happened: Input, now: float) -> list[Effect]:
        effects: list[Effect] = []
        match happened:
            case Joined():
                effects = self._joined(happened, now)
            case Signalled() | SignallingClosed():
                effects = self._signalled(happened, now)
            case Asked():
                effects = self._asked(happened, now)
            case Reported():
                effects = self._reported(happened.report, now)
            case TimerFired():
                name, _, key = happened.key.partition("\n")
                effects = self._in_room(name, TimerFired(key), now)
            case Restored():
                effects = self._restored(happened, now)
            case Offered() | Patched() | Withdrawn():
                effects = self._by_http(happened, now)
            case Carried():
                self._byte_rate = happened.byte_rate
            case Draining():
                self.draining = True
        return effects

    def _signalled(self, happened: Signalled | SignallingClosed, now: float) -> list[Effect]:
        effects = self._in_room(self._connections.get(happened.connection), happened, now)
        if isinstance(happened, SignallingClosed):
            self._connections.pop(happened.connection, None)
        return effects

    def _in_room(self, name: str | None, happened: Input, now: float) -> list[Effect]:
        room = self.rooms.get(name) if name is not None else None
        if name is None or room is None:
            return []
        effects = room.handle(happened, now)
        self._route(name, effects)
        return effects

    def _route(self, name: str, effects: list[Effect]) -> None:
        """Remember which room transports, tracks and copies belong to."""
        for effect in effects:
            if not isinstance(effect, Media):
                continue
            command = effect.command
            match command:
                case media.OpenTransport():
                    self._transports[command.transport] = name
                case media.CloseTransport():
                    self._transports.pop(command.transport, None)
                case media.Receive():
                    self._tracks[command.track] = name
                case media.StopReceiving():
                    self._tracks.pop(command.track, None)
                case media.StartCopy():
                    self._copies[command.egress_id] = name

    def _forget(self, name: str) -> None:
        self.rooms.pop(name, None)
        tables: list[dict[Any, str]] = [self._connections, self._transports, self._tracks, self._copies]
        for table in tables:
            for key in [k for k, room in table.items() if room == name]:
                del table[key]

    # --- joining ---------------------------------------------------------------------------------------------------

    def _joined(self, joining: Joined, now: float) -> list[Effect]:
        grants = joining.grants
        refused = self._refusal(joining)
        if refused is not None:
            return [refused]
        if joining.only_asking:
            return [Accept(joining.connection)]
        effects: list[Effect] = []
        room = self.rooms.get(grants.room)
        if room is None and joining.request.reconnect:
            return presence.mismatch(joining.connection)
        if room is None:
            room = self._create(grants.room, now, grants.room_request())
            effects += room.started()
        self._connections[joining.connection] = grants.room
        handled = room.handle(joining, now)
        effects += handled
        if any(isinstance(effect, Refuse) for effect in handled):
            self._connections.pop(joining.connection, None)
        self._route(grants.room, effects)
        return effects

    def _refusal(self, joining: Joined) -> Refuse | None:
        grants, connection = joining.grants, joining.connection
        too_long = _too_long(self.settings, grants)
        if too_long:
            return Refuse(connection, 400, too_long)
        if grants.room not in self.rooms and not joining.request.reconnect:
            if self.draining:
                return Refuse(connection, 503, DRAINING)
            if not (self.settings.auto_create or grants.has("roomCreate")):
                return Refuse(connection, 404, "requested room does not exist")
            if len(self.rooms) >= self.settings.max_rooms:
                return Refuse(connection, 503, "too many rooms")
        if self._at_limit() and not joining.request.reconnect:
            return Refuse(connection, 503, "reached configured limit for node")  # LiveKit's words
        return None

    def _at_limit(self) -> bool:
        """Whether the worker carries as much as it may."""
        tracks, byte_rate = self.settings.track_limit, self.settings.byte_rate_limit
        return bool(byte_rate and self._byte_rate >= byte_rate) or bool(tracks and self._carried() >= tracks)

    def _carried(self) -> int:
        """Tracks published and followed, of all rooms."""
        counted = count_rooms(room.state for room in self.rooms.values())
        carried: int = sum(counted["published"].values()) + sum(counted["subscribed"].values())
        return carried

    def _create(self, name: str, now: float, asked: room_pb.CreateRoomRequest) -> Room:
        state = RoomState(
            name=name,
            sid=self._identifiers.sid("RM_"),
            settings=self.settings,
            identifiers=self._identifiers,
            created_at=now,
            empty_timeout=asked.empty_timeout or self.settings.empty_timeout,
            departure_timeout=asked.departure_timeout or self.settings.departure_timeout,
            max_participants=asked.max_participants or self.settings.max_participants,
            metadata=asked.metadata,
            now=now,
        )
        room = self.rooms[name] = Room(state)
        return room

    def _restored(self, restored: Restored, now: float) -> list[Effect]:
        """Take over a room of a worker that is gone; nothing where it is here already."""
        record = restored.records.get(kept.ROOM)
        if restored.room in self.rooms or record is None:
            return []
        state = RoomState(
            name=restored.room, settings=self.settings, identifiers=self._identifiers, now=now,
            **{name: record[name] for name in kept.room_fields(record)},
        )  # fmt: skip
        room = self.rooms[restored.room] = Room(state, restored.records)
        return room.started()

    def _by_http(self, asked: Offered | Patched | Withdrawn, now: float) -> list[Effect]:
        """WHIP and WHEP: an offer may open a room as a join does."""
        name = asked.grants.room if isinstance(asked, Offered) else asked.room
        try:
            effects = self._opened(asked, now) if isinstance(asked, Offered) else []
        except ServiceError as refusal:
            return [Reply(asked.request, refusal)]
        if name not in self.rooms:
            return [Reply(asked.request, whip.no_session())]
        effects += self.rooms[name].handle(asked, now)
        self._route(name, effects)
        return effects

    def _opened(self, offered: Offered, now: float) -> list[Effect]:
        """Open the room for an offer, where there is none; raises `ServiceError` where the offer is not let in."""
        whip.permit(offered.grants, watching=offered.watching)
        whip.checked(offered)
        refused = self._refusal(Joined(offered.request, offered.grants, rtc.JoinRequest(), single=True))
        if refused is not None:
            raise ServiceError(whip.CODES.get(refused.status, "unavailable"), refused.message)
        if offered.grants.room in self.rooms:
            return []
        return self._create(offered.grants.room, now, offered.grants.room_request()).started()

    # --- reports ---------------------------------------------------------------------------------------------------

    def _reported(self, report: media.Report, now: float) -> list[Effect]:
        match report:
            case media.AudioLevels():
                return self._levels(report, now)
            case media.LayerStarted() | media.LayerStopped() | media.LayerRates():
                name = self._tracks.get(report.track)
            case media.CopyStarted():
                name = self._copies.get(report.egress_id)
            case media.CopyEnded():
                name = self._copies.pop(report.egress_id, None)
            case _:
                name = self._transports.get(report.transport)
        return self._in_room(name, Reported(report), now)

    def _levels(self, report: media.AudioLevels, now: float) -> list[Effect]:
        """One report speaks for all rooms: rooms that it does not name are quiet by their own timer."""
        by_room: dict[str, dict[str, float]] = {}
        for track, level in report.levels.items():
            name = self._tracks.get(track)
            if name is not None:
                by_room.setdefault(name, {})[track] = level
        for name, room in self.rooms.items():
            if room.state.speaking:
                by_room.setdefault(name, {})
        effects: list[Effect] = []
        for name, levels in by_room.items():
            effects += self._in_room(name, Reported(media.AudioLevels(levels)), now)
        return effects

    # --- calls -----------------------------------------------------------------------------------------------------

    def _asked(self, asked: Asked, now: float) -> list[Effect]:
        effects: list[Effect] = []
        try:
            match asked.method:
                case "RoomService/CreateRoom":
                    effects.append(Reply(asked.request, self._create_room(asked.message, now, effects)))
                case "RoomService/ListRooms":
                    effects.append(Reply(asked.request, self._list_rooms(asked.message)))
                case "Egress/ListEgress":
                    effects.append(Reply(asked.request, self._list_egress(asked.message)))
                case "Egress/StopEgress":
                    effects += self._stop_egress(asked, now)
                case _ if asked.method in CALLS or asked.method == "RoomService/PerformRpc":
                    effects += self._call(asked, now)
                case _:
                    unknown = ServiceError("unimplemented", f"{asked.method} is not implemented")
                    effects.append(Reply(asked.request, unknown))
        except ServiceError as refusal:
            effects.append(Reply(asked.request, refusal))
        return effects

    def _create_room(self, request: room_pb.CreateRoomRequest, now: float, effects: list[Effect]) -> models.Room:
        if not request.name:
            raise ServiceError("invalid_argument", "twirp error unknown: room name cannot be empty")
        limit = self.settings.room_name_limit
        if limit and len(request.name.encode()) > limit:
            words = f"twirp error unknown: room name length exceeds limits: max length {limit}"
            raise ServiceError("invalid_argument", words)
        profile.refuse_too_large(self.settings, metadata=request.metadata)
        room = self.rooms.get(request.name)
        if room is None:
            if self.draining:
                raise ServiceError("unavailable", f"twirp error unknown: {DRAINING}")
            if len(self.rooms) >= self.settings.max_rooms:
                raise ServiceError("resource_exhausted", "twirp error unknown: too many rooms")
            room = self._create(request.name, now, request)
            effects += room.started()
        return room.state.describe()

    def _list_rooms(self, request: room_pb.ListRoomsRequest) -> room_pb.ListRoomsResponse:
        names = set(request.names)
        rooms = [room.state.describe() for name, room in self.rooms.items() if not names or name in names]
        return room_pb.ListRoomsResponse(rooms=rooms)

    def _list_egress(self, request: egress_pb.ListEgressRequest) -> egress_pb.ListEgressResponse:
        if not self.settings.egress_socket:
            raise no_egress()
        items = [info for room in self.rooms.values() for info in egress.listed(room.state, request)]
        return egress_pb.ListEgressResponse(items=items)

    def _stop_egress(self, asked: Asked, now: float) -> list[Effect]:
        if not self.settings.egress_socket:
            raise no_egress()
        for room in self.rooms.values():
            if asked.message.egress_id in room.state.egresses:
                room.state.now = now
                info = egress.stop(room.state, asked.message.egress_id)
                effects, room.state.effects = room.state.effects, []
                return [*effects, Reply(asked.request, info)]
        raise ServiceError("not_found", "twirp error unknown: egress does not exist")

    def _call(self, asked: Asked, now: float) -> list[Effect]:
        message: Any = asked.message
        name = message.room_name if asked.method.startswith("Egress/") else message.room
        room = self.rooms.get(name)
        if room is None:
            if asked.method in OF_A_ROOM:
                raise room_not_found()
            if asked.method in PASSED_ON:
                raise no_response()
            if asked.method == "RoomService/ListParticipants":
                return [Reply(asked.request, room_pb.ListParticipantsResponse())]
            raise participant_not_found()
        effects = room.handle(asked, now)
        self._route(name, effects)
        return effects

    def close(self, now: float) -> list[Effect]:
        """The worker stops: everyone is told to start over elsewhere."""
        effects: list[Effect] = []
        for room in list(self.rooms.values()):
            room.state.now = now
            presence.shut_down(room.state)
            effects += room.state.effects
            room.state.effects = []
        self.rooms.clear()
        return effects


def _too_long(limits: Settings, grants: Grants) -> str:
    """What a token says at too great length, as a sentence; empty where nothing is."""
    if limits.identity_limit and len(grants.identity.encode()) > limits.identity_limit:
        return f"participant identity length exceeds limits: max length {limits.identity_limit}"
    if limits.room_name_limit and len(grants.room.encode()) > limits.room_name_limit:
        return f"room name length exceeds limits: max length {limits.room_name_limit}"
    return profile.too_large(limits, name=grants.name, metadata=grants.metadata, attributes=grants.attributes)
