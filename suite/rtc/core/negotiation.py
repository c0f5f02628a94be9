"""Sections: what a client's offer publishes and takes (v1), what the server's offers send (v0), one round at a time."""

from __future__ import annotations

from livekit.protocol import models, rtc

from suite.rtc.core import devices, media, publishing, subscribing, whip
from suite.rtc.core.errors import RemoteError
from suite.rtc.core.participant import Participant, Transport
from suite.rtc.core.sdp import description as sdp
from suite.rtc.core.sdp import offered, policy, writing
from suite.rtc.core.state import RoomState
from suite.rtc.core.subscription import Slot, Subscription

ROUND = "round:"
ROUND_DEADLINE = 15.0  # seconds for a client to take part in a round (LiveKit: negotiationTimeout)
MAX_SLOTS = 400  # sections of one subscriber
ANSWER_UNDER_WAY = 0.1  # s; in v1 the first keyframe would overtake the answer (first frame 60 ms after `track`, not 270)


def local(room: RoomState, transport: Transport, setup: str) -> writing.LocalTransport:
    """The server's end as its next description writes it."""
    transport.version += 1
    return writing.LocalTransport(
        session=transport.session,
        version=transport.version,
        ufrag=transport.ufrag,
        password=transport.password,
        fingerprint=room.settings.fingerprint,
        setup=setup,
        candidates=room.settings.candidates,
    )


def learn(room: RoomState, transport: Transport, description: sdp.Description, *, restart: bool) -> None:
    """Take over what the peer's description says of itself; a changed ufrag in an offer is an ICE restart (RFC 8839)."""
    algorithm, fingerprint = description.fingerprint
    if not fingerprint:
        raise RemoteError("no fingerprint in session description")
    ufrag = description.anywhere("ice-ufrag")
    if restart and transport.remote_ufrag and ufrag != transport.remote_ufrag:
        restart_ice(room, transport)
    transport.remote_ufrag = ufrag
    data = next((s for s in description.sections if s.kind == "application" and s.live), None)
    port = sdp.number(data.first("sctp-port")) if data is not None else None
    size = sdp.number(data.first("max-message-size")) if data is not None else None
    if transport.remote_set and (port is None or transport.with_data):
        return
    transport.remote_set, transport.with_data = True, port is not None
    passive = description.anywhere("setup") == "passive"
    room.command(media.SetRemote(transport.id, algorithm, fingerprint, port, min(size or 65_536, 262_144), passive))


def setup_for(offer: sdp.Description) -> str:
    """Our end of the DTLS handshake: the server's, but for an offer of somebody who can be nothing else (RFC 8842, 5.3)."""
    return "active" if offer.anywhere("setup") == "passive" else "passive"


def restart_ice(room: RoomState, transport: Transport) -> None:
    """New credentials for the server's end."""
    transport.ufrag, transport.password = room.identifiers.ufrag(), room.identifiers.password()
    room.command(media.RestartIce(transport.id, transport.ufrag, transport.password))


# --- a client's offer ------------------------------------------------------------------------------------------------


def offer_received(room: RoomState, participant: Participant, offer: rtc.SessionDescription) -> None:
    """Answer a client's offer: bind what it publishes, fill the sections that it receives with (v1).

    Raises `RemoteError` where it is no offer.
    """
    description = sdp.parse(offer.sdp)
    transport = participant.publisher
    learn(room, transport, description, restart=True)
    media_sections = {s.mid for s in description.sections if s.live and s.kind != "application"}
    publishing.sections_gone(room, participant, media_sections)
    written: list[writing.WrittenSection] = []
    filled: list[tuple[Subscription, sdp.Section, list[sdp.OfferedCodec]]] = []
    free_before = {mid for mid, slot in transport.slots.items() if slot.state == "free"}
    known = set(transport.slots)
    for section in description.sections:
        if section.kind == "application":
            written.append(writing.WrittenSection("application", section.mid, rejected=not section.live))
        elif section.kind not in {"audio", "video"} or not section.live:
            publishing.section_ended(room, participant, section.mid)
            _close_slot(room, participant, section.mid)
            written.append(writing.WrittenSection(section.kind, section.mid, rejected=True))
        elif section.direction in {"sendonly", "sendrecv"}:
            _close_slot(room, participant, section.mid)
            written.append(publishing.section_offered(room, participant, section))
        elif section.direction == "recvonly" and participant.single and not section.track_cid:
            publishing.section_ended(room, participant, section.mid)
            usable = section.mid in free_before or section.mid not in known
            written.append(_receiving(room, participant, section, filled, usable=usable))
        else:
            # At rest; a section that has sent keeps its msid and stays the publisher's own.
            publishing.section_ended(room, participant, section.mid)
            _close_slot(room, participant, section.mid)
            written.append(_idle(room, section))
    text = writing.describe(local(room, transport, setup_for(description)), written)
    answer = rtc.SessionDescription(type="answer", sdp=text, id=offer.id, mid_to_track_id=_mids(transport))
    room.send(participant, rtc.SignalResponse(answer=answer))
    publishing.announce_described(room, participant)
    for subscription, section, codecs in filled:
        add_downtrack(
            room, participant, subscription, policy.plane_codecs(subscription.kind, codecs),
            policy.sent_extensions(section),
        )  # fmt: skip
    if participant.single:
        _round_over(room, participant)


def _round_over(room: RoomState, participant: Participant) -> None:
    participant.negotiation.in_flight = False
    room.cancel_timer(ROUND + participant.sid)
    negotiate(room, participant)


def enabled(room: RoomState, kind: str) -> tuple[str, ...]:
    """The names of the room's codecs of a kind."""
    return room.settings.audio_codecs if kind == "audio" else room.settings.video_codecs


def enabled_for(room: RoomState, participant: Participant, kind: str) -> tuple[str, ...]:
    """Those that the participant may be sent."""
    refused = devices.refused_codecs(participant.client, publishing=False)
    return tuple(name for name in enabled(room, kind) if name not in refused)


def _idle(room: RoomState, section: sdp.Section) -> writing.WrittenSection:
    codecs = policy.accepted_codecs(section, enabled=enabled(room, section.kind))
    return writing.WrittenSection(
        section.kind,
        section.mid,
        "inactive",
        codecs,
        policy.FEEDBACK,
        policy.accepted_extensions(section),
        rejected=not codecs,
    )


def _receiving(
    room: RoomState,
    participant: Participant,
    section: sdp.Section,
    filled: list[tuple[Subscription, sdp.Section, list[sdp.OfferedCodec]]],
    *,
    usable: bool,
) -> writing.WrittenSection:
    """A section in which the client receives (v1): keep its track, give it one that waits, or let it rest."""
    kind: media.Kind = "audio" if section.kind == "audio" else "video"
    slots, waiting = participant.publisher.slots, participant.negotiation.waiting
    slot = slots.get(section.mid)
    if slot is None:
        if len(slots) >= MAX_SLOTS:
            return _idle(room, section)
        slot = slots[section.mid] = Slot(section.mid, kind)
    if slot.state == "retiring":
        slot.state = "free"
        return _idle(room, section)
    codecs = policy.accepted_codecs(section, enabled=enabled_for(room, participant, kind))
    if slot.state == "free" and usable:
        subscribing.sort_out(room, participant, kind, {codec.name for codec in codecs})
        subscription = next((s for s in waiting if s.kind == kind), None)
        if subscription is not None:
            waiting[:] = [s for s in waiting if s is not subscription]
            slot.state, slot.subscription, subscription.slot = "used", subscription, slot
    subscription = slot.subscription
    if subscription is None:
        return _idle(room, section)
    if not codecs:
        return _idle(room, section)
    if not subscription.flowing:
        filled.append((subscription, section, codecs))
    return writing.WrittenSection(
        kind, section.mid, "sendonly", codecs, policy.FEEDBACK,
        policy.accepted_extensions(section), sent=_sent(subscription),
    )  # fmt: skip


def _sent(subscription: Subscription) -> writing.SentTrack:
    return writing.SentTrack(subscription.stream, subscription.track, subscription.ssrc, subscription.rtx_ssrc)


def _mids(transport: Transport) -> dict[str, str]:
    return {mid: slot.subscription.track for mid, slot in transport.slots.items() if slot.subscription is not None}


def _close_slot(room: RoomState, participant: Participant, mid: str) -> None:
    """The client receives in the section no longer: what it carried waits for another."""
    slot = participant.publisher.slots.pop(mid, None)
    if slot is not None and slot.subscription is not None:
        subscription, slot.subscription = slot.subscription, None
        subscription.slot = None
        subscribing.stop(room, participant, subscription)
        participant.negotiation.waiting.append(subscription)


def add_downtrack(
    room: RoomState,
    participant: Participant,
    subscription: Subscription,
    codecs: tuple[media.Codec, ...],
    extensions: dict[str, int],
) -> None:
    """Let a subscription flow in its section."""
    if subscription.slot is None or subscription.flowing:
        return
    carrier = room.track(subscription.carrier)
    reads_trailers = models.ClientInfo.CAP_PACKET_TRAILER in participant.client.capabilities
    room.command(
        media.AddDowntrack(
            downtrack=subscription.downtrack,
            transport=participant.subscriber.id,
            track=subscription.carrier,
            kind=subscription.kind,
            mid=subscription.slot.mid,
            ssrc=subscription.ssrc,
            rtx_ssrc=subscription.rtx_ssrc,
            codecs=codecs,
            extensions=extensions,
            delay=ANSWER_UNDER_WAY if participant.single else 0.0,
            trailers=carrier is not None and bool(carrier[1].info.packet_trailer_features) and not reads_trailers,
            begun=participant.client.sdk == models.ClientInfo.GO,
        )
    )
    subscription.flowing = True
    subscribing.flows(room, participant, subscription)


# --- rounds that the server begins -------------------------------------------------------------------------------------


def negotiate(room: RoomState, participant: Participant) -> None:
    """Begin a round where something waits for a section or a section waits to rest; one at a time."""
    if participant.http is not None:
        whip.fill(room, participant)
        return
    round_ = participant.negotiation
    retiring = any(slot.state == "retiring" for slot in participant.subscriber.slots.values())
    if round_.in_flight:
        round_.again = True
        return
    if not (round_.waiting or retiring):
        return
    round_.in_flight, round_.again = True, False
    if participant.single:
        _require_sections(room, participant)
    else:
        _send_offer(room, participant)


def unanswered(room: RoomState, sid: str) -> None:
    """A client has let a round of the server's go by: begin it anew."""
    participant = room.by_sid(sid)
    if participant is None or participant.connection is None or not participant.negotiation.in_flight:
        return
    participant.negotiation.in_flight = False
    if participant.single:
        negotiate(room, participant)
    else:
        offer_again(room, participant, restart=False)


def _require_sections(room: RoomState, participant: Participant) -> None:
    """Ask a v1 client for a new offer, with as many more sections as are lacking."""
    slots = participant.subscriber.slots.values()
    lacking = {}
    for kind in ("audio", "video"):
        waiting = sum(1 for s in participant.negotiation.waiting if s.kind == kind)
        free = sum(1 for slot in slots if slot.kind == kind and slot.state == "free")
        lacking[kind] = max(0, waiting - free)
    required = rtc.MediaSectionsRequirement(num_audios=lacking["audio"], num_videos=lacking["video"])
    room.send(participant, rtc.SignalResponse(media_sections_requirement=required))
    room.set_timer(ROUND + participant.sid, ROUND_DEADLINE)


def _allocate(participant: Participant) -> None:
    """Give each waiting subscription of a v0 client a resting section, or a new one."""
    slots, round_ = participant.subscriber.slots, participant.negotiation
    for subscription in list(round_.waiting):
        slot = next((s for s in slots.values() if s.kind == subscription.kind and s.state == "free"), None)
        if slot is None:
            if len(slots) >= MAX_SLOTS:
                continue
            slot = slots[str(len(slots) + 1)] = Slot(str(len(slots) + 1), subscription.kind)
        slot.state, slot.subscription, subscription.slot = "used", subscription, slot
        round_.waiting.remove(subscription)


def _send_offer(room: RoomState, participant: Participant) -> None:
    transport, round_ = participant.subscriber, participant.negotiation
    _allocate(participant)
    written = [writing.WrittenSection("application", "0")]
    for slot in transport.slots.values():
        subscription = slot.subscription
        found = room.track(subscription.carrier) if subscription is not None else None
        first = found[1].codec.mime.partition("/")[2] if found is not None and found[1].codec is not None else ""
        # All of them: LiveKit's own test client knows no codec later that the first section of its kind does not have.
        codecs = offered.offered_codecs(slot.kind, enabled=enabled_for(room, participant, slot.kind), first=first)
        section = writing.WrittenSection(
            slot.kind, slot.mid, _at_rest(participant, slot), codecs, policy.FEEDBACK, offered.EXTENSIONS[slot.kind],
            rejected=slot.state == "dead" or not codecs,
        )  # fmt: skip
        if subscription is not None:
            section.direction, section.sent = "sendonly", _sent(subscription)
        written.append(section)
    round_.offer += 1
    round_.offered = [section.mid for section in written]
    text = writing.describe(local(room, transport, "actpass"), written)
    offer = rtc.SessionDescription(type="offer", sdp=text, id=round_.offer, mid_to_track_id=_mids(transport))
    room.send(participant, rtc.SignalResponse(offer=offer))
    room.set_timer(ROUND + participant.sid, ROUND_DEADLINE)


def _at_rest(participant: Participant, slot: Slot) -> sdp.Direction:
    """The direction of an offered section that carries nothing.

    Pion stops a receiver with each offer that has its section inactive, and only the first time puts another in its place:
    what comes in the section later ends by chance (`RTPReceiver.readRTP`). Go's clients see a section rest once.
    """
    rested = participant.client.sdk == models.ClientInfo.GO and slot.state == "free"
    return "sendonly" if rested else "inactive"


def offer_again(room: RoomState, participant: Participant, *, restart: bool) -> None:
    """Offer a v0 client its subscriber connection (again), with new ICE credentials where it is a `restart`."""
    if restart:
        restart_ice(room, participant.subscriber)
    participant.negotiation.in_flight, participant.negotiation.again = True, False
    _send_offer(room, participant)


def _can_carry(room: RoomState, subscription: Subscription, codecs: set[str]) -> bool:
    """Whether a section with these codecs can carry what is sent."""
    found = room.track(subscription.carrier)
    return found is None or subscribing.can_decode(found[1].codec, codecs)


def answer_received(room: RoomState, participant: Participant, answer: rtc.SessionDescription) -> None:
    """A v0 client's answer to the server's offer: what it accepted flows. An answer to another offer is ignored.

    Raises `RemoteError` where it is no answer.
    """
    round_, transport = participant.negotiation, participant.subscriber
    if participant.single or not round_.in_flight or (answer.id and answer.id != round_.offer):
        return
    description = sdp.parse(answer.sdp)
    learn(room, transport, description, restart=False)
    for mid, section in zip(round_.offered, description.sections, strict=False):  # as offered (RFC 3264, 6)
        slot = transport.slots.get(mid)
        if slot is None or section.mid not in {mid, ""}:
            continue
        if slot.state == "retiring" and section.direction == "inactive":
            slot.state = "free"
        subscription = slot.subscription
        if subscription is not None and not section.live:
            slot.state = "dead"
            slot.subscription = subscription.slot = None
            subscribing.undecodable(room, participant, subscription, None)
            continue
        if subscription is None or subscription.flowing or section.direction not in {"recvonly", "sendrecv"}:
            continue
        codecs = policy.accepted_codecs(section, enabled=enabled_for(room, participant, slot.kind))
        names = {codec.name for codec in codecs}
        if not _can_carry(room, subscription, names):
            subscribing.stop(room, participant, subscription)
            subscribing.undecodable(room, participant, subscription, names)
            continue
        extensions = policy.sent_extensions(section)
        add_downtrack(room, participant, subscription, policy.plane_codecs(slot.kind, codecs), extensions)
    _round_over(room, participant)
