"""Data blobs: small things that a participant leaves with the server for the others to fetch, by key."""

from __future__ import annotations

from typing import Any

from livekit.protocol import rtc

from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState

Reason = rtc.RequestResponse.Reason


def stored(room: RoomState, participant: Participant, request: rtc.StoreDataBlobRequest) -> None:
    """Keep a blob under its key, in the place of an earlier one; LiveKit's refusals and words."""
    settings, blob = room.settings, request.blob
    key = blob.key.SerializeToString()
    kept = sum(len(k) + len(b.contents) for k, b in participant.blobs.items() if k != key)
    if not settings.data_blobs:
        _refuse(room, participant, request.request_id, Reason.NOT_ALLOWED, "data blob not enabled")
    elif not key or (settings.blob_key_limit and len(key) > settings.blob_key_limit):
        _refuse(room, participant, request.request_id, Reason.INVALID_REQUEST, "data blob is invalid")
    elif not blob.contents:
        _refuse(room, participant, request.request_id, Reason.INVALID_REQUEST, "data blob is empty")
    elif settings.blobs_limit and kept + len(key) + len(blob.contents) > settings.blobs_limit:
        _refuse(room, participant, request.request_id, Reason.LIMIT_EXCEEDED, "data blobs exceed limit")
    else:
        participant.blobs[key] = blob
        answer = rtc.StoreDataBlobResponse(request_id=request.request_id, key=blob.key)
        room.send(participant, rtc.SignalResponse(store_data_blob_response=answer))


def fetched(room: RoomState, participant: Participant, request: rtc.GetDataBlobRequest) -> None:
    """Hand over somebody's blob; a hidden participant's is not found."""
    owner = room.participants.get(request.participant_identity)
    if not request.HasField("key"):
        _refuse(room, participant, request.request_id, Reason.INVALID_REQUEST, "data blob key is required")
    elif owner is None or (owner.hidden and owner is not participant):
        _refuse(room, participant, request.request_id, Reason.NOT_FOUND, "participant not found")
    elif (blob := owner.blobs.get(request.key.SerializeToString())) is None:
        _refuse(room, participant, request.request_id, Reason.NOT_FOUND, "data blob not found")
    else:
        answer = rtc.GetDataBlobResponse(request_id=request.request_id, blob=blob)
        room.send(participant, rtc.SignalResponse(get_data_blob_response=answer))


def _refuse(room: RoomState, participant: Participant, request: int, reason: Any, words: str) -> None:
    answer = rtc.RequestResponse(request_id=request, reason=reason, message=words)
    room.send(participant, rtc.SignalResponse(request_response=answer))
