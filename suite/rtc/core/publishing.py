"""What a participant publishes: asked for, bound to a section of its offer, heard of, muted, ended."""

from __future__ import annotations

from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core import devices, egress, media, subscribing, updates
from suite.rtc.core.participant import Participant
from suite.rtc.core.sdp import description as sdp
from suite.rtc.core.sdp import policy, writing
from suite.rtc.core.state import RoomState
from suite.rtc.core.track import MIME_NAMES, Track, bind, new_backups, new_track, track_prefix

MAX_TRACKS: Final = 64  # of one participant, pending ones too
MAX_NAME: Final = 512


def track_asked(room: RoomState, participant: Participant, request: rtc.AddTrackRequest) -> None:
    """Promise a track id for what the client is about to offer; refused without the right or beyond `MAX_TRACKS`.

    LiveKit says nothing to a client that may not publish: it is an answer here, `request_response` NOT_ALLOWED.
    """
    refusal = rtc.RequestResponse.Reason.OK
    if not participant.grants.may_publish(request.source):
        refusal = rtc.RequestResponse.Reason.NOT_ALLOWED
    elif len(participant.pending) + len(participant.tracks) >= MAX_TRACKS or len(request.name) > MAX_NAME:
        refusal = rtc.RequestResponse.Reason.LIMIT_EXCEEDED
    if refusal != rtc.RequestResponse.Reason.OK:
        answer = rtc.RequestResponse(reason=refusal, message="does not have permission to publish", add_track=request)
        if refusal == rtc.RequestResponse.Reason.LIMIT_EXCEEDED:
            answer.message = "too many tracks"
        room.send(participant, rtc.SignalResponse(request_response=answer))
        return
    if request.sid and (known := participant.tracks.get(request.sid)) is not None:
        _backup_asked(participant, known, request)
        published = rtc.TrackPublishedResponse(cid=request.cid, track=known.info)
        room.send(participant, rtc.SignalResponse(track_published=published))
        return
    track = participant.pending.get(request.cid) or next((t for t in participant.tracks.values() if t.cid == request.cid), None)
    if track is None:
        sid = room.identifiers.sid(track_prefix(request))
        enabled = _enabled(room, participant, "video" if request.type == models.TrackType.VIDEO else "audio")
        red = "red" in room.settings.audio_codecs
        track = new_track(request, sid=sid, publisher=participant.sid, red=red, enabled=enabled)
        new_backups(request, track, enabled=enabled)
        participant.pending[request.cid] = track
    room.send(participant, rtc.SignalResponse(track_published=rtc.TrackPublishedResponse(cid=request.cid, track=track.info)))


def _enabled(room: RoomState, participant: Participant, kind: media.Kind) -> tuple[str, ...]:
    """The names of the codecs that the participant may send."""
    refused = devices.refused_codecs(participant.client, publishing=True)
    of_room = room.settings.audio_codecs if kind == "audio" else room.settings.video_codecs
    return tuple(name for name in of_room if name not in refused)


def _backup_asked(participant: Participant, track: Track, request: rtc.AddTrackRequest) -> None:
    """The client is about to offer another codec of a track that it publishes; one that was not announced stays inactive."""
    for asked in request.simulcast_codecs:
        backup = track.backups.get(asked.codec.lower().rpartition("/")[2])
        if backup is not None and backup.mid is None:
            backup.cid = asked.cid or request.cid
            participant.pending[backup.cid] = backup


def section_offered(room: RoomState, participant: Participant, section: sdp.Section) -> writing.WrittenSection:
    """Answer a section that the client sends in: received where a track was asked for, else inactive."""
    kind: media.Kind = "audio" if section.kind == "audio" else "video"
    enabled = _enabled(room, participant, kind)
    track = _bound(participant, section.mid)
    asked = _asked(participant, section, kind)
    if track is not None and asked is not None:
        track_ended(room, participant, track)
        track = None
    if track is None and asked is not None:
        track = asked
    if track is None or not participant.grants.may_publish(track.info.source):
        if track is not None and track.mid is not None:
            track_ended(room, participant, track)
        codecs = policy.accepted_codecs(section, enabled=enabled)
        return writing.WrittenSection(
            kind,
            section.mid,
            "inactive",
            codecs,
            policy.FEEDBACK,
            policy.accepted_extensions(section),
            rejected=not codecs,
        )
    first = track.codec_first if kind == "video" else _sound_first(track)
    if kind == "audio" and track.info.disable_red:
        enabled = tuple(name for name in enabled if name != "red")
    codecs = policy.accepted_codecs(section, enabled=enabled, first=first)
    if not codecs:
        return writing.WrittenSection(kind, section.mid, "inactive", rejected=True)
    if kind == "audio":
        features = track.info.audio_features
        dtx, stereo = models.AudioTrackFeature.TF_NO_DTX not in features, models.AudioTrackFeature.TF_STEREO in features
        codecs = policy.sound_asked(codecs, dtx=dtx, stereo=stereo)
    extensions = policy.accepted_extensions(section)
    if track.mid is None:
        _begin(room, participant, track, section, codecs, extensions)
    return writing.WrittenSection(kind, section.mid, "recvonly", codecs, policy.FEEDBACK, extensions, rids=section.rids)


def _sound_first(track: Track) -> str:
    """The codec that a publisher of sound is asked for first: RED with Opus in it, unless it announced another."""
    if track.codec_first in {"pcmu", "pcma"}:
        return track.codec_first
    return "opus" if track.info.disable_red or track.of else "red"


def _bound(participant: Participant, mid: str) -> Track | None:
    return next((t for t in participant.tracks.values() if t.mid == mid), None)


def _asked(participant: Participant, section: sdp.Section, kind: media.Kind) -> Track | None:
    """The pending track that the section's msid names, or the only one of its kind."""
    named = participant.pending.get(section.track_cid)
    if named is not None:
        return named if named.kind == kind else None
    if _bound(participant, section.mid) is not None:
        return None
    alike = [t for t in participant.pending.values() if t.kind == kind]
    return alike[0] if len(alike) == 1 else None


def _begin(
    room: RoomState,
    participant: Participant,
    track: Track,
    section: sdp.Section,
    codecs: list[sdp.OfferedCodec],
    extensions: dict[str, int],
) -> None:
    participant.pending.pop(track.cid, None)
    participant.tracks[track.sid] = track
    room.tracks[track.sid] = (participant, track)
    for backup in track.backups.values():
        room.tracks[backup.sid] = (participant, backup)
    rids = section.rids
    bind(track, mid=section.mid, rids=rids, mime=f"{track.kind}/{codecs[0].name}")
    if not track.codec_first:
        track.codec_first = codecs[0].name
    room.command(
        media.Receive(
            transport=participant.publisher.id,
            mid=section.mid,
            track=track.sid,
            kind=track.kind,
            codecs=policy.plane_codecs(track.kind, codecs),
            layers=track.layers,
            ssrcs=() if rids else tuple(section.ssrcs),
            rtx_ssrcs={} if rids else section.repairs,
            extensions=extensions,
        )
    )
    if not rids and section.ssrcs and not (track.kind == "video" and participant.client.sdk == models.ClientInfo.GO):
        # The description says all that there is to know; Go's clients send what they like, whatever it says.
        track.codec = policy.plane_codecs(track.kind, codecs)[0]
    if track.info.source in participant.muted_sources:
        participant.muted_sources.discard(track.info.source)
        muted_by_server(room, participant, track)
        told_to_mute(room, participant, track.sid)


def section_ended(room: RoomState, participant: Participant, mid: str) -> None:
    """The client sends nothing in the section any more: unpublishing has no request of its own."""
    track = _bound(participant, mid)
    if track is not None:
        track_ended(room, participant, track)


def sections_gone(room: RoomState, participant: Participant, live: set[str]) -> None:
    """End the tracks whose section an offer no longer has."""
    for track in list(participant.tracks.values()):
        if track.mid not in live:
            track_ended(room, participant, track)


def layer_started(room: RoomState, report: media.LayerStarted) -> None:
    """Packets come: the first ones make the track known to everyone."""
    found = room.track(report.track)
    if found is None:
        return
    participant, track = found
    track.live.add(report.layer)
    expected, track.codec = track.codec, report.codec
    if track.of:
        _backup_came(room, participant, track)
    elif not track.announced:
        _announce(room, participant, track)
    elif expected is not None and expected.mime != report.codec.mime:
        _name_codec(track)
        updates.announce(room, participant, at_once=True)


def layer_stopped(room: RoomState, report: media.LayerStopped) -> None:
    found = room.track(report.track)
    if found is not None:
        found[1].live.discard(report.layer)


def _backup_came(room: RoomState, participant: Participant, backup: Track) -> None:
    """Packets of a backup codec come: everyone is told of it, and those who waited for it get it."""
    track = participant.tracks.get(backup.of)
    if track is None:
        return
    _name_codec(backup)
    described = next((c for c in track.info.codecs if c.mime_type.lower() == backup.info.mime_type.lower()), None)
    if described is not None and described.mid != (backup.mid or ""):
        described.CopyFrom(backup.info.codecs[0])
        described.cid, described.mid = backup.cid, backup.mid or ""
        updates.announce(room, participant, at_once=True)
    subscribing.backup_came(room, participant, track, backup)


def announce_described(room: RoomState, participant: Participant) -> None:
    """Tracks whose section names their stream are known from then on, and muted ones, which send nothing yet.

    Those with rids are known by their first packets.
    """
    for track in list(participant.tracks.values()):
        if not track.announced and not track.of and (track.info.muted or track.codec is not None):
            _announce(room, participant, track)


def _announce(room: RoomState, participant: Participant, track: Track) -> None:
    track.announced = True
    _name_codec(track)
    track.info.version.unix_micro = int(room.now * 1_000_000)
    participant.is_publisher = True
    updates.announce(room, participant, at_once=True)
    room.notify("track_published", participant=participant, track=track.info)
    subscribing.track_appeared(room, participant, track)


def _name_codec(track: Track) -> None:
    if track.codec is not None and track.kind == "video":
        track.info.mime_type = MIME_NAMES.get(track.codec.mime, track.info.mime_type)
        track.info.codecs[0].mime_type = track.info.mime_type


def track_ended(room: RoomState, participant: Participant, track: Track) -> None:
    """Unpublish: the plane forgets it, its subscribers' sections rest, everyone is told."""
    participant.tracks.pop(track.sid, None)
    room.command(media.StopReceiving(track.sid))
    if track.of:
        subscribing.backup_gone(room, track)
        track.mid, track.codec = None, None
        track.live.clear()
        return
    room.tracks.pop(track.sid, None)
    for backup in track.backups.values():
        if backup.mid is not None:
            track_ended(room, participant, backup)
        room.tracks.pop(backup.sid, None)
    egress.track_gone(room, track)
    subscribing.track_gone(room, track)
    if track.announced:
        room.notify("track_unpublished", participant=participant, track=track.info)
        if participant.state != models.ParticipantInfo.DISCONNECTED:
            updates.announce(room, participant, at_once=True)


def muted(room: RoomState, participant: Participant, request: rtc.MuteTrackRequest) -> None:
    """The publisher mutes or unmutes its track; pending ones too. A track that the server muted may be unmuted by it."""
    track = participant.tracks.get(request.sid) or next((t for t in participant.pending.values() if t.sid == request.sid), None)
    if track is None or track.info.muted == request.muted:
        return
    track.info.muted = request.muted
    if not request.muted and track.server_muted:
        track.server_muted = False
        for one in (track, *track.backups.values()):
            room.command(media.MuteTrack(one.sid, muted=False))
    if track.announced:
        updates.announce(room, participant, at_once=True)


def told_to_mute(room: RoomState, participant: Participant, sid: str, *, muted: bool = True) -> None:
    """Ask the publisher's client to mute or unmute, so that its button shows it."""
    room.send(participant, rtc.SignalResponse(mute=rtc.MuteTrackRequest(sid=sid, muted=muted)))


def muted_by_server(room: RoomState, participant: Participant, track: Track) -> None:
    """Mute for the publisher: its packets are dropped at the door until it unmutes itself."""
    for one in (track, *track.backups.values()):
        room.command(media.MuteTrack(one.sid, muted=True))
    track.server_muted = True
    if not track.info.muted:
        track.info.muted = True
        updates.announce(room, participant, at_once=True)


def details_changed(
    room: RoomState, participant: Participant, request: rtc.UpdateLocalAudioTrack | rtc.UpdateLocalVideoTrack
) -> None:
    """The publisher says that its track's features or size have changed."""
    track = participant.tracks.get(request.track_sid)
    if track is None:
        return
    if isinstance(request, rtc.UpdateLocalVideoTrack):
        track.info.width, track.info.height = request.width, request.height
    else:
        del track.info.audio_features[:]
        track.info.audio_features.extend(request.features)
        track.info.stereo = models.AudioTrackFeature.TF_STEREO in request.features
        track.info.disable_dtx = models.AudioTrackFeature.TF_NO_DTX in request.features
    if track.announced:
        updates.announce(room, participant, at_once=True)


def rights_changed(room: RoomState, participant: Participant) -> None:
    """End what the participant may no longer publish, and tell it so."""
    for cid, track in list(participant.pending.items()):
        if not participant.grants.may_publish(track.info.source):
            participant.pending.pop(cid)
    for track in [track for track in participant.tracks.values() if not track.of]:
        if not participant.grants.may_publish(track.info.source):
            track_ended(room, participant, track)
            told = rtc.TrackUnpublishedResponse(track_sid=track.sid)
            room.send(participant, rtc.SignalResponse(track_unpublished=told))
    if not participant.grants.can_publish and participant.is_publisher:
        participant.is_publisher = False
        updates.announce(room, participant, at_once=True)
