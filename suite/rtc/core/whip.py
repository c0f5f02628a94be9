"""Participants that come by HTTP: encoders that publish (WHIP, RFC 9725), players that watch (WHEP, draft-ietf-wish-whep).

One offer is answered at once and for good; there is no signalling after it. Such a participant leaves by DELETE, by being
removed, by the silence or the end of its transport; a player also when every section of its offer has carried its track.
"""

from __future__ import annotations

from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core import ice, kept, media, negotiation, presence, publishing, subscribing, updates
from suite.rtc.core.effects import Reply
from suite.rtc.core.errors import RemoteError, ServiceError
from suite.rtc.core.grants import Grants
from suite.rtc.core.http_session import Answered, HeldSection, HttpSession, Offered, Patched, Withdrawn
from suite.rtc.core.participant import Participant, Transport
from suite.rtc.core.sdp import description as sdp
from suite.rtc.core.sdp import fragment, policy, writing
from suite.rtc.core.state import RoomState
from suite.rtc.core.subscription import Slot

Source = models.TrackSource
# The first that the token allows is what a section publishes: an encoder does not say.
SOURCES: Final = {"audio": (Source.MICROPHONE, Source.SCREEN_SHARE_AUDIO), "video": (Source.CAMERA, Source.SCREEN_SHARE)}
NAMES: Final = {"audio": "synthesized-microphone", "video": "synthesized-camera"}  # LiveKit's
TRACKS: Final = "whep.tracks"  # the token's attribute that names the only tracks to watch, by sid, with commas between
TO_START: Final = 60.0  # seconds to become active, as for those with signalling
FAREWELL: Final = 2.0  # seconds after the last track's end, in which a player shows what it has
MAX_SECTIONS: Final = 64
# What a refused join is among the codes of refused calls.
CODES: Final = {400: "invalid_argument", 401: "unauthenticated", 403: "permission_denied", 404: "not_found"}
UNPROCESSABLE: Final = "unprocessable"
EARLIER: Final = "precondition_failed"


def no_session() -> ServiceError:
    return ServiceError("not_found", "participant does not exist")


def checked(offered: Offered) -> sdp.Description:
    """The offer, read; raises `ServiceError` where it is none, or one that this server could never answer."""
    try:
        description = sdp.parse(offered.offer)
    except RemoteError as error:
        if offered.offer.startswith("v=0") and "\nm=" not in offered.offer:
            raise ServiceError(UNPROCESSABLE, "the offer has no media section") from error
        raise ServiceError("malformed", f"malformed SDP offer: {error}") from error
    if not description.anywhere("ice-ufrag") or not description.anywhere("ice-pwd"):
        raise ServiceError(UNPROCESSABLE, "the offer has no ice-ufrag and ice-pwd")
    if not description.fingerprint[1]:
        raise ServiceError(UNPROCESSABLE, "the offer has no fingerprint")
    if len(description.sections) > MAX_SECTIONS:
        raise ServiceError(UNPROCESSABLE, f"the offer has more than {MAX_SECTIONS} media sections")
    return description


def permit(grants: Grants, *, watching: bool) -> None:
    """Raises `ServiceError` where the token does not allow what is offered."""
    if watching and not grants.can_subscribe:
        raise ServiceError("permission_denied", "does not have permission to subscribe")
    if not watching and not any(grants.may_publish(source) for sources in SOURCES.values() for source in sources):
        raise ServiceError("permission_denied", "does not have permission to publish")


def offered(room: RoomState, asked: Offered, description: sdp.Description) -> None:
    """Let somebody in with an offer that was checked, and answer it."""
    wanted = {"recvonly", "sendrecv"} if asked.watching else {"sendonly", "sendrecv"}
    sections = [s for s in description.sections if s.kind in SOURCES and s.live and s.direction in wanted]
    usable = [s for s in sections if _codecs(room, s)]
    if not usable:
        words = "the offer has no section to {} with a codec of this room".format("watch" if asked.watching else "publish")
        room.emit(Reply(asked.request, ServiceError(UNPROCESSABLE, words)))
        return
    there = room.participants.get(asked.grants.identity)
    if presence.is_full(room, asked.grants):
        room.emit(Reply(asked.request, ServiceError("unavailable", "room is full")))
        return
    if there is not None:
        presence.leave(room, there, models.DisconnectReason.DUPLICATE_IDENTITY)
    participant = _enter(room, asked)
    transport = participant.publisher
    negotiation.learn(room, transport, description, restart=False)
    write = _watched if asked.watching else _published
    written = [write(room, participant, s) if s in usable else _refused(s) for s in description.sections]
    text = writing.describe(negotiation.local(room, transport, negotiation.setup_for(description)), written)
    told = tuple(ice.servers(room.settings, participant_sid=participant.sid, now=room.now))
    room.emit(Reply(asked.request, Answered(participant.sid, transport.ufrag, text, told)))
    if asked.watching:
        _watch(room, participant)


def _codecs(room: RoomState, section: sdp.Section) -> list[sdp.OfferedCodec]:
    return policy.accepted_codecs(section, enabled=negotiation.enabled(room, section.kind))


def _enter(room: RoomState, asked: Offered) -> Participant:
    grants, ids = kept.rights(room, asked.grants), room.identifiers
    sid = ids.sid("PA_")
    transport = Transport(id=f"{sid}/publisher", ufrag=ids.ufrag(), password=ids.password(), session=ids.session())
    participant = Participant(
        sid=sid,
        grants=grants,
        joined_at=room.now,
        connection=None,
        single=True,
        client=asked.client,
        settings=rtc.ConnectionSettings(auto_subscribe=asked.watching and not grants.attributes.get(TRACKS)),
        publisher=transport,
        subscriber=transport,
        metadata=grants.metadata,
        name=grants.name,
        attributes=dict(grants.attributes),
        http=HttpSession(asked.watching),
    )
    kept.come_back(room, participant)
    presence.keep_open(room, participant)
    room.command(media.OpenTransport(transport.id, transport.ufrag, transport.password))
    room.participants[participant.identity] = room.sids[sid] = participant
    room.set_timer(presence.GONE + sid, TO_START)
    updates.start_ticking(room)
    participant.state = models.ParticipantInfo.JOINED
    return participant


def _refused(section: sdp.Section) -> writing.WrittenSection:
    return writing.WrittenSection(section.kind, section.mid, rejected=True)


# --- publishing ------------------------------------------------------------------------------------------------------


def _published(room: RoomState, participant: Participant, section: sdp.Section) -> writing.WrittenSection:
    """Publish what a section sends, as LiveKit does for those who do not ask for a track first."""
    source = next((s for s in SOURCES[section.kind] if participant.grants.may_publish(s)), None)
    if source is None:
        return _refused(section)
    video = section.kind == "video"
    request = rtc.AddTrackRequest(
        cid=section.track_cid or room.identifiers.sid("TR_"),
        name=NAMES[section.kind],
        type=models.TrackType.VIDEO if video else models.TrackType.AUDIO,
        source=source,
        disable_dtx=True,
        audio_features=[models.AudioTrackFeature.TF_NO_DTX],
        stream="camera",
    )
    if video:
        count = max(1, min(len(section.rids), 3))
        request.layers.extend(models.VideoLayer(quality=quality) for quality in range(count))  # type: ignore[arg-type]  # an enum's numbers
    publishing.track_asked(room, participant, request)
    written = publishing.section_offered(room, participant, section)
    for track in participant.tracks.values():
        if track.mid == section.mid:
            for layer, rid in zip(track.info.layers, track.layers, strict=False):
                layer.rid = rid
    return written


# --- watching --------------------------------------------------------------------------------------------------------


def _watched(room: RoomState, participant: Participant, section: sdp.Section) -> writing.WrittenSection:
    """Hold a section for a track, which may come later: its SSRCs are named at once."""
    kind: media.Kind = "audio" if section.kind == "audio" else "video"
    codecs = _codecs(room, section)
    held = HeldSection(
        mid=section.mid,
        kind=kind,
        codecs=policy.plane_codecs(kind, codecs),
        extensions=policy.sent_extensions(section),
        ssrc=room.identifiers.ssrc(),
        rtx_ssrc=room.identifiers.ssrc() if kind == "video" else None,
    )
    if participant.http is not None:
        participant.http.sections[section.mid] = held
    # One stream for all sections, so that players keep sound and picture together.
    sent = writing.SentTrack(room.sid, f"{participant.sid}-{section.mid}", held.ssrc, held.rtx_ssrc)
    return writing.WrittenSection(
        kind, section.mid, "sendonly", codecs, policy.FEEDBACK, policy.accepted_extensions(section), sent=sent
    )


def _watch(room: RoomState, participant: Participant) -> None:
    named = [sid.strip() for sid in participant.grants.attributes.get(TRACKS, "").split(",") if sid.strip()]
    if named:
        subscribing.wishes_changed(room, participant, named[:MAX_SECTIONS], wanted=True)
    else:
        subscribing.participant_appeared(room, participant)


def fill(room: RoomState, participant: Participant) -> None:
    """Give the tracks that wait the sections that are free; end a session to which nothing can come any more."""
    session = participant.http
    if session is None or not session.watching or participant.state == models.ParticipantInfo.DISCONNECTED:
        return
    for subscription in list(participant.negotiation.waiting):
        found = room.track(subscription.track)
        if found is None:
            continue
        free = (s for s in session.sections.values() if not s.used and s.kind == subscription.kind and s.takes(found[1].codec))
        section = next(free, None)
        if section is None:
            continue
        section.used = True
        participant.negotiation.waiting[:] = [s for s in participant.negotiation.waiting if s is not subscription]
        slot = Slot(section.mid, section.kind, "used", subscription)
        participant.subscriber.slots[section.mid] = slot
        subscription.slot, subscription.ssrc, subscription.rtx_ssrc = slot, section.ssrc, section.rtx_ssrc
        negotiation.add_downtrack(room, participant, subscription, section.codecs, section.extensions)
    live = any(slot.subscription is not None for slot in participant.subscriber.slots.values())
    if session.used_up and not live and not session.finished:
        session.finished = True
        room.set_timer(presence.GONE + participant.sid, FAREWELL)


# --- the session's own address ---------------------------------------------------------------------------------------


def _session(room: RoomState, asked: Patched | Withdrawn) -> Participant:
    participant = room.participants.get(asked.identity)
    if participant is None or participant.sid != asked.sid or participant.http is None:
        raise no_session()
    if participant.http.watching != asked.watching:
        raise no_session()
    return participant


def patched(room: RoomState, asked: Patched) -> None:
    """Take candidates, which are read and dropped, or restart ICE; raises `ServiceError`.

    `If-Match: *` with other credentials restarts (RFC 9725, 4.3.3); else one tag has to be that of the ICE session.
    """
    participant = _session(room, asked)
    transport = participant.publisher
    if asked.etags is not None and transport.ufrag not in asked.etags:
        raise ServiceError(EARLIER, "the entity tag is of another ICE session")
    try:
        said = fragment.parse(asked.fragment)
    except RemoteError as error:
        raise ServiceError("malformed", str(error)) from error
    restarts = bool(said.ufrag) and said.ufrag != transport.remote_ufrag
    if restarts and asked.etags is not None:
        raise ServiceError("malformed", "ice credential mismatch")
    text = ""
    if restarts:
        transport.remote_ufrag = said.ufrag
        negotiation.restart_ice(room, transport)
        text = fragment.describe(ufrag=transport.ufrag, password=transport.password, candidates=room.settings.candidates)
    room.emit(Reply(asked.request, Answered(participant.sid, transport.ufrag, text)))


def withdrawn(room: RoomState, asked: Withdrawn) -> None:
    """End the session; raises `ServiceError` where there is none."""
    participant = _session(room, asked)
    presence.leave(room, participant, models.DisconnectReason.CLIENT_INITIATED)
    room.emit(Reply(asked.request, Answered(asked.sid, "", "")))


def transport_failed(room: RoomState, participant: Participant, reason: str) -> None:
    """Without signalling nobody can come back: the participant goes with its transport (RFC 9725, 4.2)."""
    cause = models.DisconnectReason.CONNECTION_TIMEOUT
    if participant.state != models.ParticipantInfo.ACTIVE:
        cause = models.DisconnectReason.JOIN_FAILURE
    elif reason == "closed by the peer":
        cause = models.DisconnectReason.CLIENT_INITIATED
    presence.leave(room, participant, cause)
