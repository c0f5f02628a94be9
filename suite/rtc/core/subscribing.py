"""Who follows which track: wishes, permissions, and the downtracks that come of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from livekit.protocol import models, rtc

from suite.rtc.core import bandwidth, layers, media, negotiation
from suite.rtc.core.participant import Participant
from suite.rtc.core.state import RoomState
from suite.rtc.core.subscription import Subscription
from suite.rtc.core.track import Track

NOT_FOUND_AFTER: Final = 10.0  # seconds that a track that is asked for may still come


def is_permitted(publisher: Participant, subscriber: Participant, track: str) -> bool:
    """Whether the publisher lets the subscriber have the track."""
    policy = publisher.permission
    if policy.all_participants:
        return True
    for rule in policy.track_permissions:
        named = (
            rule.participant_identity == subscriber.identity
            if rule.participant_identity
            else rule.participant_sid == subscriber.sid
        )
        if named and (rule.all_tracks or track in rule.track_sids):
            return True
    return False


def track_appeared(room: RoomState, publisher: Participant, track: Track) -> None:
    """A track is there to be followed: those who follow everything do."""
    for subscriber in list(room.others(publisher)):
        if subscriber.auto_subscribe:
            wish(room, subscriber, publisher, track, wanted=True)


def participant_appeared(room: RoomState, subscriber: Participant) -> None:
    """A newcomer who follows everything follows what is there."""
    if not subscriber.auto_subscribe:
        return
    for publisher in list(room.others(subscriber)):
        for track in list(publisher.tracks.values()):
            if track.announced:
                wish(room, subscriber, publisher, track, wanted=True)


def wishes_changed(room: RoomState, participant: Participant, sids: Iterable[str], *, wanted: bool) -> None:
    """Follow or leave tracks, as the subscriber or the server's caller asks; unknown tracks are answered."""
    for sid in sids:
        found = room.track(sid)
        if found is not None and found[1].announced and found[0] is not participant:
            wish(room, participant, found[0], found[1], wanted=wanted)
        elif wanted and (found is None or not found[1].announced):
            room.set_timer(f"unknown:{participant.sid}:{sid}", NOT_FOUND_AFTER)


def unknown_track(room: RoomState, participant_sid: str, track: str) -> None:
    """A track that was asked for has not come: say so."""
    participant = room.by_sid(participant_sid)
    if participant is None:
        return
    found = room.track(track)
    if found is not None and found[1].announced:
        wish(room, participant, found[0], found[1], wanted=True)
        return
    answer = rtc.SubscriptionResponse(track_sid=track, err=models.SubscriptionError.SE_TRACK_NOTFOUND)
    room.send(participant, rtc.SignalResponse(subscription_response=answer))


def wish(room: RoomState, subscriber: Participant, publisher: Participant, track: Track, *, wanted: bool) -> None:
    subscription = subscriber.subscriptions.get(track.sid)
    if subscription is None:
        if not wanted:
            return
        subscription = Subscription(
            track=track.sid,
            publisher=publisher.sid,
            kind=track.kind,
            # As LiveKit: where a section is used again its MediaStreamTrack keeps its first id, so the stream names the track.
            stream=f"{publisher.sid}|{track.sid}",
            ssrc=room.identifiers.ssrc(),
            rtx_ssrc=room.identifiers.ssrc() if track.kind == "video" else None,
            downtrack=0,
            carrier=track.sid,
        )
        subscriber.subscriptions[track.sid] = subscription
    subscription.desired = wanted
    if not wanted:
        subscription.unsupported = False
        subscription.carrier = track.sid
        subscription.told_permitted = None  # a new wish is answered anew
    reconcile(room, subscriber, publisher, track, subscription)


def reconcile(
    room: RoomState, subscriber: Participant, publisher: Participant, track: Track, subscription: Subscription
) -> None:
    """Bring a downtrack in line with wish, permission and right."""
    permitted = is_permitted(publisher, subscriber, track.sid)
    allowed = subscriber.grants.can_subscribe
    if allowed and (subscription.desired or not permitted) and subscription.told_permitted is not permitted:
        subscription.told_permitted = permitted
        update = rtc.SubscriptionPermissionUpdate(participant_sid=publisher.sid, track_sid=track.sid, allowed=permitted)
        room.send(subscriber, rtc.SignalResponse(subscription_permission_update=update))
    subscription.permitted = permitted
    active = subscription.desired and permitted and allowed and not subscription.unsupported and _is_there(room, subscription)
    waiting = any(s is subscription for s in subscriber.negotiation.waiting)
    if active and subscription.slot is None and not waiting and not _is_full(room, subscriber, subscription.kind):
        subscription.downtrack = room.identifiers.number()
        subscriber.negotiation.waiting.append(subscription)
        negotiation.negotiate(room, subscriber)
    elif not active and (subscription.slot is not None or waiting):
        stop(room, subscriber, subscription)
        layers.demand_changed(room, track)
        _next_in_line(room, subscriber, subscription.kind)


def _is_there(room: RoomState, subscription: Subscription) -> bool:
    """Whether what carries the track to the subscriber is published; a backup is when its packets come."""
    found = room.track(subscription.carrier)
    return found is not None and (not found[1].of or bool(found[1].live))


def _is_full(room: RoomState, subscriber: Participant, kind: media.Kind) -> bool:
    """Whether the subscriber follows as many tracks of a kind as the operator allows (LiveKit: subscription_limit_…)."""
    limit = room.settings.video_subscriptions if kind == "video" else room.settings.audio_subscriptions
    if not limit:
        return False
    waiting = sum(1 for s in subscriber.negotiation.waiting if s.kind == kind)
    return waiting + sum(1 for s in subscriber.subscriptions.values() if s.kind == kind and s.slot is not None) >= limit


def _next_in_line(room: RoomState, subscriber: Participant, kind: media.Kind) -> None:
    """Where the number of tracks is limited, one that ends makes place for another."""
    if not (room.settings.video_subscriptions or room.settings.audio_subscriptions):
        return
    for subscription in list(subscriber.subscriptions.values()):
        found = room.track(subscription.track)
        if subscription.kind == kind and subscription.desired and subscription.slot is None and found is not None:
            reconcile(room, subscriber, found[0], found[1], subscription)


def unsupported(room: RoomState, subscriber: Participant, subscription: Subscription) -> None:
    """The client cannot decode the track nor any backup: say so, and try no more until it is asked for anew."""
    subscription.unsupported = True
    answer = rtc.SubscriptionResponse(track_sid=subscription.track, err=models.SubscriptionError.SE_CODEC_UNSUPPORTED)
    room.send(subscriber, rtc.SignalResponse(subscription_response=answer))


def can_decode(codec: media.Codec | None, codecs: set[str]) -> bool:
    """Whether a client with these codecs can decode what is sent in `codec`: Opus is taken out of RED for who has no RED."""
    name = codec.mime.partition("/")[2] if codec is not None else ""
    return not name or name in codecs or (name in {"opus", "red"} and bool(codecs & {"opus", "red"}))


def undecodable(room: RoomState, subscriber: Participant, subscription: Subscription, codecs: set[str] | None) -> None:
    """The client cannot decode what carries the track: a backup in one of `codecs` (None: not known) is asked for, if any."""
    waiting = subscriber.negotiation.waiting
    waiting[:] = [s for s in waiting if s is not subscription]
    found = room.track(subscription.track)
    backups = found[1].backups if found is not None and subscription.carrier == subscription.track else {}
    for codec, backup in backups.items():
        if found is not None and (codecs is None or codec in codecs):
            subscription.carrier = backup.sid
            layers.demand_changed(room, backup, subscription)
            reconcile(room, subscriber, found[0], found[1], subscription)
            return
    unsupported(room, subscriber, subscription)


def backup_came(room: RoomState, publisher: Participant, track: Track, backup: Track) -> None:
    """A backup is published: those who waited for it get it."""
    for subscriber in list(room.others(publisher)):
        subscription = subscriber.subscriptions.get(track.sid)
        if subscription is not None and subscription.carrier == backup.sid:
            reconcile(room, subscriber, publisher, track, subscription)


def backup_gone(room: RoomState, backup: Track) -> None:
    """A backup is published no longer: its readers wait for it again."""
    for subscriber in list(room.participants.values()):
        subscription = subscriber.subscriptions.get(backup.of)
        if subscription is not None and subscription.carrier == backup.sid:
            stop(room, subscriber, subscription)


def sort_out(room: RoomState, subscriber: Participant, kind: media.Kind, codecs: set[str]) -> None:
    """Leave out of the waiting ones those that the client's sections, with these `codecs`, cannot carry."""
    for subscription in [s for s in subscriber.negotiation.waiting if s.kind == kind]:
        found = room.track(subscription.carrier)
        if found is not None and not can_decode(found[1].codec, codecs):
            undecodable(room, subscriber, subscription, codecs)


def stop(room: RoomState, subscriber: Participant, subscription: Subscription) -> None:
    """End the downtrack and free its section in the next round."""
    waiting = subscriber.negotiation.waiting
    waiting[:] = [s for s in waiting if s is not subscription]
    if subscription.flowing:
        room.command(media.RemoveDowntrack(subscription.downtrack))
        subscription.flowing = False
    if subscription.slot is not None:
        subscription.slot.state = "retiring"
        subscription.slot.subscription = None
        subscription.slot = None
        # A section cannot carry the same SSRCs for another round of the same track without confusing the client.
        subscription.ssrc = room.identifiers.ssrc()
        subscription.rtx_ssrc = room.identifiers.ssrc() if subscription.kind == "video" else None
        negotiation.negotiate(room, subscriber)


def track_gone(room: RoomState, track: Track) -> None:
    """Nobody follows the track any longer."""
    for subscriber in list(room.participants.values()):
        subscription = subscriber.subscriptions.pop(track.sid, None)
        if subscription is not None:
            stop(room, subscriber, subscription)
            _next_in_line(room, subscriber, track.kind)


def policy_changed(room: RoomState, publisher: Participant, policy: rtc.SubscriptionPermission) -> None:
    """The publisher says who may follow which of its tracks."""
    publisher.permission.CopyFrom(policy)
    for subscriber in list(room.others(publisher)):
        for track in list(publisher.tracks.values()):
            subscription = subscriber.subscriptions.get(track.sid)
            if subscription is not None:
                reconcile(room, subscriber, publisher, track, subscription)


def rights_changed(room: RoomState, subscriber: Participant) -> None:
    """The subscriber's right to subscribe has come or gone."""
    if subscriber.grants.can_subscribe:
        participant_appeared(room, subscriber)
    for sid, subscription in list(subscriber.subscriptions.items()):
        found = room.track(sid)
        if found is not None:
            reconcile(room, subscriber, found[0], found[1], subscription)


def flows(room: RoomState, subscriber: Participant, subscription: Subscription) -> None:
    """A downtrack was made: the publisher learns of its first subscriber and of what is shown."""
    found = room.track(subscription.track)
    if found is None:
        return
    publisher, track = found
    carrier = room.track(subscription.carrier) or found
    layers.select(room, carrier[1], subscription)
    if subscriber.subscriber.limit is not None:
        bandwidth.allocate_soon(room, subscriber)
    if not track.subscribed_once:
        track.subscribed_once = True
        room.send(publisher, rtc.SignalResponse(track_subscribed=rtc.TrackSubscribed(track_sid=track.sid)))
    layers.demand_changed(room, carrier[1], subscription)
