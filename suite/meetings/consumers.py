"""The meeting's socket: the door, the people, the chat, the transcription's agreement, for staff and guests alike."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from typing import Any, cast

from channels.db import database_sync_to_async
from django.http import QueryDict
from django.http.cookie import parse_cookie

from suite.accounts.public import get_viewer, groups_of_socket
from suite.chat.public import (
    READ,
    Author,
    access_channel,
    channel_group,
    channel_mark_read,
    list_messages_for_participants,
    message_payload,
    message_post,
)
from suite.kernel import clock
from suite.kernel.errors import BadInput, Forbidden, NotFound, SuiteError
from suite.kernel.ids import parse_uuid
from suite.kernel.sockets import Socket
from suite.meetings import contract, door, live, selectors
from suite.meetings.access import Bearer, access_participation, can_moderate
from suite.meetings.api.views import token_of
from suite.meetings.guests import bearer_of
from suite.meetings.models import Participation, ParticipationState
from suite.meetings.services import captures, participations
from suite.meetings.services.meetings import meeting_end

RIGHT_SECONDS = 2.0  # a right that was taken away is noticed within this, whatever got lost
MESSAGES_SHOWN = 200
Verb = Callable[["MeetingSocket", Participation, dict[str, Any]], None]


class MeetingSocket(Socket):
    """One participation's view of its meeting."""

    async def opened(self) -> None:
        self.meeting_id: uuid.UUID = self.scope["url_route"]["kwargs"]["id"]
        query = QueryDict(self.scope.get("query_string", b""))
        given = parse_uuid(query.get("participation", ""))
        if given is None:
            raise BadInput
        self.participation_id = given
        self.joined: set[str] = set()
        self.waits: asyncio.Task[None] | None = None
        self.moderates = False
        self.right_read_at = -RIGHT_SECONDS
        self.ref = ""
        participation = await self._participation()
        await self._join(live.one(participation.id))
        viewer = (await database_sync_to_async(self._bearer)()).viewer
        if viewer is not None:
            for name in groups_of_socket(viewer=viewer, session_key=self.scope.get("session_key")):
                await self._join(name)
        if participation.state == ParticipationState.ADMITTED:
            await self._join_inside(participation)
        elif participation.state == ParticipationState.WAITING:
            self.waits = asyncio.create_task(door.stay(participation.id))

    async def after_accept(self) -> None:
        await self._send_state()
        participation = await self._participation()
        if door.was_let_in_meanwhile(participation):
            await self.send_json({"type": "admitted", **token_of(participation)})

    async def closed(self) -> None:
        """Whoever waits and loses the line keeps their place for a moment: `door.see_off` takes it away."""
        if self.waits is not None:
            self.waits.cancel()
        for name in self.joined:
            await self.channel_layer.group_discard(name, self.channel_name)

    async def received(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ping":
            try:
                await self._refresh_right()
            except (NotFound, Forbidden) as error:
                await self.close(code=error.close_code)
            await self.say({"type": "pong"})
            return
        verb = VERBS.get(str(kind))
        if verb is None:
            raise BadInput
        ref = message.get("ref")
        self.ref = ref if isinstance(ref, str) else ""
        await database_sync_to_async(self._act)(verb, message)
        self.ref = ""

    async def answer_error(self, error: SuiteError) -> None:
        """Say what was refused, and of which message: its writer keeps it."""
        ref, self.ref = self.ref, ""
        answer: contract.ErrorMessage = {"type": "error", "code": error.code, "message": error.sentence}
        await self.say({**answer, "ref": ref} if ref else answer)

    # --- group messages
    async def socket_send(self, event: dict[str, Any]) -> None:
        """Pass on, to somebody who still holds this participation: what ended it is told by itself, or at the next ping."""
        with contextlib.suppress(SuiteError):
            await self._refresh_right()
            await super().socket_send(event)

    async def transcription_changed(self, _event: dict[str, Any]) -> None:
        try:
            participation = await self._participation()
        except SuiteError:  # the meeting has ended, or one is out of it: that is told by itself
            return
        view = await database_sync_to_async(selectors.transcription_for)(participation)
        await self.say({"type": "transcription", "transcription": view})

    async def entry_admitted(self, _event: dict[str, Any]) -> None:
        try:
            participation = await self._participation()
        except SuiteError:
            return
        if self.waits is not None:
            self.waits.cancel()
        await self._join_inside(participation)
        await self.say({"type": "admitted", **token_of(participation)})
        await self._send_state()

    async def entry_over(self, event: dict[str, Any]) -> None:
        await self.send_json(event["message"])
        await self.close(code=4403 if event["message"]["type"] != "ended" else 1000)

    # --- inside
    def _act(self, verb: Verb, message: dict[str, Any]) -> None:
        bearer = self._bearer()
        participation = access_participation(bearer=bearer, meeting_id=self.meeting_id, id=self.participation_id)
        self.moderates = can_moderate(bearer=bearer, participation=participation)
        verb(self, participation, message)

    async def _participation(self) -> Participation:
        found: Participation = await database_sync_to_async(
            lambda: access_participation(bearer=self._bearer(), meeting_id=self.meeting_id, id=self.participation_id)
        )()
        return found

    async def _refresh_right(self) -> None:
        """Read the right again where it was read `RIGHT_SECONDS` ago; raises what `access_participation` raises."""
        if time.monotonic() - self.right_read_at >= RIGHT_SECONDS:
            await self._participation()
            self.right_read_at = time.monotonic()

    def _bearer(self) -> Bearer:
        """Who is at the other end, read afresh."""
        headers = dict(self.scope.get("headers", []))
        cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        return bearer_of(viewer=get_viewer(session_key=self.scope.get("session_key")), cookies=cookies)

    async def _join(self, name: str) -> None:
        if name not in self.joined:
            self.joined.add(name)
            await self.channel_layer.group_add(name, self.channel_name)

    async def _join_inside(self, participation: Participation) -> None:
        await self._join(live.in_meeting(self.meeting_id))
        await self._join(channel_group(participation.meeting.channel_id))
        bearer = await database_sync_to_async(self._bearer)()
        self.moderates = await database_sync_to_async(can_moderate)(bearer=bearer, participation=participation)
        if self.moderates:
            await self._join(live.hosts_of(self.meeting_id))

    async def say(self, message: contract.ServerMessage) -> None:
        await self.send_json(message)

    async def _send_state(self) -> None:
        participation = await self._participation()
        await self.say(await database_sync_to_async(self._state)(participation))

    def _state(self, participation: Participation) -> contract.StateMessage:
        meeting = participation.meeting
        inside = participation.state == ParticipationState.ADMITTED
        return {
            "type": "state",
            "meeting": {
                "id": str(meeting.id),
                "title": meeting.title,
                "room_slug": meeting.room.slug,
                "started_at": meeting.started_at.isoformat(),
            },
            "me": {
                "participation_id": str(participation.id),
                "name": participation.name,
                "state": cast("contract.MyState", participation.state),
                "can_moderate": self.moderates,
                "guest": participation.is_guest,
                "user_id": None if participation.user_id is None else str(participation.user_id),
            },
            "waiting": selectors.waiting_for(meeting) if self.moderates else [],
            "people": selectors.people_in(meeting) if inside else [],
            "transcription": selectors.transcription_for(participation) if inside else None,
            "messages": [
                message_payload(one)
                for one in list_messages_for_participants(channel_id=meeting.channel_id, limit=MESSAGES_SHOWN)
            ]
            if inside
            else [],
        }

    def other(self, participation: Participation, message: dict[str, Any]) -> Participation:
        """The participation that a moderator's message names, in the same meeting. Raises `Forbidden`, `NotFound`."""
        if not self.moderates:
            raise Forbidden
        named = parse_uuid(message.get("participation_id"))
        others = Participation.objects.select_related("meeting__channel__resource")
        found = None if named is None else others.filter(meeting_id=participation.meeting_id, id=named).first()
        if found is None:
            raise NotFound
        return found


def _post(_socket: MeetingSocket, mine: Participation, message: dict[str, Any]) -> None:
    _inside(mine)
    author = Author(name=mine.name, user_id=mine.user_id, participation_id=mine.id)
    body, ref = message.get("body"), message.get("ref")
    if not isinstance(body, str) or not isinstance(ref, str | None):
        raise BadInput
    message_post(channel=mine.meeting.channel, author=author, body=body, ref=ref or "", now=clock.now())


def _read(socket: MeetingSocket, mine: Participation, message: dict[str, Any]) -> None:
    """As in Messages; a guest has none."""
    _inside(mine)
    message_id = parse_uuid(message.get("message_id"))
    if message_id is None:
        raise BadInput
    viewer = None if mine.is_guest else get_viewer(session_key=socket.scope.get("session_key"))
    if viewer is None:
        return
    channel = access_channel(viewer=viewer, id=mine.meeting.channel_id, need=READ)
    channel_mark_read(channel=channel, viewer=viewer, message_id=message_id, now=clock.now())


def _rename(_socket: MeetingSocket, mine: Participation, message: dict[str, Any]) -> None:
    door.count_knock(mine.meeting.room_id)
    participations.participation_rename(participation=mine, name=str(message.get("name", "")), now=clock.now())


def _leave(_socket: MeetingSocket, mine: Participation, _message: dict[str, Any]) -> None:
    participations.participation_left(participation=mine, now=clock.now())


def _admit(socket: MeetingSocket, mine: Participation, message: dict[str, Any]) -> None:
    other = socket.other(mine, message)
    participations.participation_admit(participation=other, actor=mine.actor, now=clock.now())


def _refuse(socket: MeetingSocket, mine: Participation, message: dict[str, Any]) -> None:
    other = socket.other(mine, message)
    participations.participation_refuse(participation=other, actor=mine.actor, now=clock.now())


def _admit_all(socket: MeetingSocket, mine: Participation, _message: dict[str, Any]) -> None:
    _moderator(socket)
    for waiting in selectors.waiting_for(mine.meeting):
        _admit(socket, mine, dict(waiting))


def _mute(socket: MeetingSocket, mine: Participation, message: dict[str, Any]) -> None:
    other = socket.other(mine, message)
    participations.participation_mute(participation=other, actor=mine.actor, now=clock.now())


def _remove(socket: MeetingSocket, mine: Participation, message: dict[str, Any]) -> None:
    other = socket.other(mine, message)
    participations.participation_bar(participation=other, actor=mine.actor, now=clock.now())


def _end_for_all(socket: MeetingSocket, mine: Participation, _message: dict[str, Any]) -> None:
    _moderator(socket)
    meeting_end(meeting=mine.meeting, actor=mine.actor, now=clock.now())


def _transcription_start(socket: MeetingSocket, mine: Participation, _message: dict[str, Any]) -> None:
    _moderator(socket)
    viewer = get_viewer(session_key=socket.scope.get("session_key"))
    if viewer is None:
        raise Forbidden
    captures.capture_start(meeting=mine.meeting, viewer=viewer, now=clock.now())


def _transcription_stop(socket: MeetingSocket, mine: Participation, _message: dict[str, Any]) -> None:
    _moderator(socket)
    capture = selectors.open_capture(mine.meeting_id)
    if capture is not None:
        captures.capture_stop(capture=capture, actor=mine.actor, now=clock.now())


def _agree(_socket: MeetingSocket, mine: Participation, _message: dict[str, Any]) -> None:
    _inside(mine)
    captures.consent_give(participation=mine, now=clock.now())


def _decline(_socket: MeetingSocket, mine: Participation, _message: dict[str, Any]) -> None:
    _inside(mine)
    captures.consent_decline(participation=mine, now=clock.now())


def _moderator(socket: MeetingSocket) -> None:
    if not socket.moderates:
        raise Forbidden


def _inside(mine: Participation) -> None:
    if mine.state != ParticipationState.ADMITTED:
        raise Forbidden


VERBS: dict[str, Verb] = {
    "message": _post,
    "read": _read,
    "rename": _rename,
    "leave": _leave,
    "admit": _admit,
    "refuse": _refuse,
    "admit_all": _admit_all,
    "mute": _mute,
    "remove": _remove,
    "end_for_all": _end_for_all,
    "transcription_start": _transcription_start,
    "transcription_stop": _transcription_stop,
    "agree": _agree,
    "decline": _decline,
}
