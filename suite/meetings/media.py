"""The media server, ours or a LiveKit cluster, through LiveKit's own API: nothing here knows which of the two it is."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta

import aiohttp
from asgiref.sync import async_to_sync
from django.conf import settings
from livekit import api

from suite.meetings.errors import MediaServerSilent

TOKEN_LIFE = timedelta(minutes=5)  # the server refreshes it while one is connected
ROOM_EMPTY_SECONDS = 120
ROOM_DEPARTURE_SECONDS = 20
CALL_SECONDS = 3.0  # the dispatcher, which ends sessions within 5 s, waits for one call at a time
GONE = {"not_found", "failed_precondition"}
NOBODY = "no response from servers"  # what a LiveKit says of a call for somebody who has just gone


def token_for(*, meeting_id: uuid.UUID, participation_id: uuid.UUID, name: str) -> str:
    """The token with which one participation joins one meeting: LiveKit's grants, and nothing else in it."""
    grants = api.VideoGrants(
        room_join=True,
        room=str(meeting_id),
        can_publish=True,
        can_subscribe=True,
        can_publish_data=True,
        can_update_own_metadata=False,
    )
    token: str = (
        api.AccessToken(settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET)
        .with_identity(str(participation_id))
        .with_name(name)
        .with_grants(grants)
        .with_ttl(TOKEN_LIFE)
        .to_jwt()
    )
    return token


def room_create(*, meeting_id: uuid.UUID) -> None:
    """Have the media server hold the meeting's room until people come."""
    request = api.CreateRoomRequest(
        name=str(meeting_id), empty_timeout=ROOM_EMPTY_SECONDS, departure_timeout=ROOM_DEPARTURE_SECONDS
    )
    _call(lambda client: client.room.create_room(request))


def room_delete(*, meeting_id: uuid.UUID) -> None:
    """End the call for everyone; nothing where it has ended."""
    _call(lambda client: client.room.delete_room(api.DeleteRoomRequest(room=str(meeting_id))))


def people_counted(*, meeting_ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many participants each meeting's room holds; a room that the media server does not know is left out."""
    found: list[api.ListRoomsResponse] = []

    async def ask(client: api.LiveKitAPI) -> None:
        found.append(await client.room.list_rooms(api.ListRoomsRequest(names=[str(one) for one in meeting_ids])))

    _call(ask)
    known = {str(one): one for one in meeting_ids}
    return {known[room.name]: room.num_participants for answer in found for room in answer.rooms if room.name in known}


def identities_in(*, meeting_id: uuid.UUID) -> set[str]:
    """The identities of the participants in a meeting's room."""
    found: list[api.ListParticipantsResponse] = []

    async def ask(client: api.LiveKitAPI) -> None:
        found.append(await client.room.list_participants(api.ListParticipantsRequest(room=str(meeting_id))))

    _call(ask)
    return {one.identity for answer in found for one in answer.participants}


def participant_remove(*, meeting_id: uuid.UUID, participation_id: uuid.UUID, tokens_from: datetime) -> None:
    """Take somebody out of the call and refuse their tokens issued before `tokens_from`."""
    request = api.RoomParticipantIdentity(
        room=str(meeting_id), identity=str(participation_id), revoke_token_ts=int(tokens_from.timestamp())
    )
    _call(lambda client: client.room.remove_participant(request))


def tokens_refuse(*, meeting_id: uuid.UUID, participation_ids: Iterable[uuid.UUID], tokens_from: datetime) -> None:
    """Refuse the tokens of many that were issued before `tokens_from`, and take out whoever is there."""
    requests = [
        api.RoomParticipantIdentity(room=str(meeting_id), identity=str(one), revoke_token_ts=int(tokens_from.timestamp()))
        for one in participation_ids
    ]

    async def ask(client: api.LiveKitAPI) -> None:
        await asyncio.gather(*(_unless_gone(client.room.remove_participant(request)) for request in requests))

    _call(ask)


def microphones_of(*, meeting_id: uuid.UUID, participation_id: uuid.UUID) -> list[str]:
    """The sids of the microphone tracks that a participant publishes now."""
    identity = api.RoomParticipantIdentity(room=str(meeting_id), identity=str(participation_id))
    found: list[api.ParticipantInfo] = []

    async def ask(client: api.LiveKitAPI) -> None:
        found.append(await client.room.get_participant(identity))

    _call(ask)
    return [track.sid for info in found for track in info.tracks if track.source == api.TrackSource.MICROPHONE]


def microphone_mute(*, meeting_id: uuid.UUID, participation_id: uuid.UUID) -> None:
    """Mute somebody's microphone; only they can open it again."""
    for sid in microphones_of(meeting_id=meeting_id, participation_id=participation_id):
        request = api.MuteRoomTrackRequest(room=str(meeting_id), identity=str(participation_id), track_sid=sid, muted=True)
        _call(_muting(request))


def _muting(request: api.MuteRoomTrackRequest) -> Callable[[api.LiveKitAPI], Awaitable[object]]:
    return lambda client: client.room.mute_published_track(request)


def egress_start(*, meeting_id: uuid.UUID, track_sid: str, name: str) -> str | None:
    """Record one track to the file `name` at the media server's side; its egress id, or None where the track is gone."""
    request = api.TrackEgressRequest(
        room_name=str(meeting_id), track_id=track_sid, file=api.DirectFileOutput(filepath=name, disable_manifest=True)
    )
    started: list[str] = []

    async def ask(client: api.LiveKitAPI) -> None:
        started.append((await client.egress.start_track_egress(request)).egress_id)

    _call(ask)
    return started[0] if started else None


def egresses_of(*, meeting_id: uuid.UUID) -> dict[str, api.EgressInfo]:
    """The recordings that the media server knows of a meeting's room, by their id."""
    found: list[api.ListEgressResponse] = []

    async def ask(client: api.LiveKitAPI) -> None:
        found.append(await client.egress.list_egress(api.ListEgressRequest(room_name=str(meeting_id))))

    _call(ask)
    return {info.egress_id: info for answer in found for info in answer.items}


def egress_stop(*, egress_id: str) -> None:
    """Stop a recording; nothing where it has ended."""
    _call(lambda client: client.egress.stop_egress(api.StopEgressRequest(egress_id=egress_id)))


def _call(ask: Callable[[api.LiveKitAPI], Awaitable[object]]) -> None:
    """Run one call; what is gone already is no error, a silent server is `MediaServerSilent`."""
    try:
        async_to_sync(_ask)(ask)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise MediaServerSilent from error
    except api.TwirpError as error:
        if error.code not in GONE and NOBODY not in error.message:
            raise


async def _unless_gone(call: Awaitable[object]) -> None:
    """Await one call of many, so that what is gone keeps none of the others from being made."""
    try:
        await call
    except api.TwirpError as error:
        if error.code not in GONE and NOBODY not in error.message:
            raise


async def _ask(ask: Callable[[api.LiveKitAPI], Awaitable[object]]) -> None:
    client = api.LiveKitAPI(settings.LIVEKIT_API_URL, settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET, failover=False)
    try:
        async with asyncio.timeout(CALL_SECONDS):  # the client tries again by itself, each time with its own patience
            await ask(client)
    finally:
        await client.aclose()
