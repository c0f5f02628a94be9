"""A line that narrows and widens: the real control and packet tables between a camera and a viewer."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from suite.rtc.core import media
from suite.rtc.packets import rtcp
from tests.protocol.networks.meeting import Meeting, Peer
from tests.protocol.networks.viewer import freezes

pytestmark = [pytest.mark.slow, pytest.mark.patient]

WIDE, NARROW = 2_000_000, 300_000
MINUTE = 60.0


def sitting(meeting: Meeting, **down: object) -> tuple[Peer, str]:
    """A camera and a microphone, and somebody who watches both over a line."""
    meeting.add("camera")
    video, _ = meeting.publish("camera", sound=True)
    peer = meeting.add("viewer", down={"bit_rate": WIDE, **down})
    meeting.watch("viewer", sounds=1)
    meeting.run(5)
    return peer, video


def level(meeting: Meeting, peer: Peer) -> int:
    """The layer that flows; -1 where none does."""
    association = meeting.associations[f"{peer.client.sid}/publisher"]
    return next(down.current for down, _ in association.router.downtracks.values() if down.kind == "video")


def sounds(peer: Peer) -> int:
    assert peer.viewer is not None
    (heard,) = peer.viewer.sounds.values()
    return len(heard)


def test_a_line_that_narrows_loses_its_picture_for_a_moment_and_its_sound_never() -> None:
    meeting = Meeting()
    peer, video = sitting(meeting)
    assert level(meeting, peer) == 2
    spoken, heard = meeting.people["camera"].camera.sounds, sounds(peer)
    peer.down.bit_rate = NARROW
    meeting.run(2)
    assert peer.down.queue(meeting.now) < 0.3
    for _ in range(80):
        meeting.run(0.25)
        assert peer.down.queue(meeting.now) < 0.3
    assert level(meeting, peer) == 0
    assert [(sid, state) for _, sid, state in peer.states[:2]] == [
        (video, rtc.StreamState.PAUSED),
        (video, rtc.StreamState.ACTIVE),
    ]
    peer.down.bit_rate = WIDE
    begun = meeting.now
    while level(meeting, peer) != 2:
        meeting.run(0.1)
        assert meeting.now < begun + 10
    meeting.run(1)
    said = meeting.people["camera"].camera.sounds - spoken
    assert peer.down.dropped == 0
    assert sounds(peer) - heard >= 0.99 * said - 5


def test_a_steady_line_has_steady_pictures() -> None:
    for bit_rate in (NARROW, 700_000, 1_000_000, WIDE):
        meeting = Meeting()
        peer, video = sitting(meeting, bit_rate=bit_rate)
        meeting.run(15)
        begun = meeting.now
        assert peer.viewer is not None
        (picture,) = peer.viewer.pictures.values()
        before = len(picture.decoded)
        meeting.run(MINUTE)
        assert meeting.switches(video, begun) <= 3, bit_rate
        assert len(picture.decoded) - before > 29.5 * MINUTE
        assert len(freezes([when for when, _ in picture.decoded[before:]])) <= 1
        assert peer.down.queue(meeting.now) < 0.3


def test_with_a_receiver_s_estimate_alone_pictures_follow_it() -> None:
    meeting = Meeting()
    meeting.add("camera")
    meeting.publish("camera")
    peer = meeting.add("viewer")
    meeting.watch("viewer", tells=False)
    meeting.run(3)
    association = meeting.associations[f"{peer.client.sid}/publisher"]
    for rate, expected in ((3_000_000, 2), (700_000, 1), (200_000, 0), (90_000, -1), (3_000_000, 2)):
        for _ in range(8):
            said = rtcp.remb(1, rate, list(association.router.downtracks))
            association.router.rtcp(said, meeting.now, reports=association.line)
            meeting.run(1)
        assert level(meeting, peer) == expected, rate


def test_sound_comes_first_then_screens_and_pinned_pictures_then_the_rest() -> None:
    meeting = Meeting()
    tracks = {}
    camera, screen = models.TrackSource.CAMERA, models.TrackSource.SCREEN_SHARE
    for name, source in (("a", camera), ("b", camera), ("c", screen)):
        meeting.add(name)
        tracks[name], _ = meeting.publish(name, source=source, sound=name == "a")
    peer = meeting.add("viewer", down={"bit_rate": 6_000_000})
    meeting.watch("viewer", videos=3, sounds=1)
    meeting.run(3)
    line = f"{peer.client.sid}/publisher"
    numbers = {down.track: down.downtrack for down in meeting.of(media.AddDowntrack)}

    def chosen() -> dict[str, int | None]:
        found: dict[str, int | None] = dict.fromkeys(tracks)
        for _, command in meeting.selected:
            found |= {name: command.layer for name, sid in tracks.items() if numbers[sid] == command.downtrack}
        return found

    meeting.report(media.Bandwidth(line, 2_000_000))
    assert (chosen()["c"], {chosen()["a"], chosen()["b"]} <= {0, 1}) == (2, True)
    meeting.report(media.Bandwidth(line, 580_000))
    assert chosen() == {"a": None, "b": None, "c": 1}
    meeting.report(media.Bandwidth(line, 100_000))
    assert chosen() == {"a": None, "b": None, "c": None}
    meeting.run(0.2)
    meeting.report(media.Bandwidth(line, 6_500_000))
    assert chosen() == {"a": 2, "b": 2, "c": 2}
    meeting.run(30)
    pinned = rtc.UpdateTrackSettings(track_sids=[tracks["b"]], quality=models.VideoQuality.HIGH, priority=1)
    peer.client.send(track_setting=pinned)
    meeting.report(media.Bandwidth(line, 1_600_000))
    assert (chosen()["b"], chosen()["a"]) == (2, None)


def test_what_a_hidden_picture_took_goes_to_the_others() -> None:
    meeting = Meeting()
    tracks = []
    for name in ("a", "b"):
        meeting.add(name)
        tracks.append(meeting.publish(name)[0])
    peer = meeting.add("viewer", down={"bit_rate": 2_000_000})
    meeting.watch("viewer", videos=2)
    meeting.run(20)
    downs = {down.track: down for down in meeting.of(media.AddDowntrack)}
    peer.client.send(track_setting=rtc.UpdateTrackSettings(track_sids=[tracks[0]], disabled=True))
    meeting.run(10)
    last = {command.downtrack: command.layer for _, command in meeting.selected}
    assert last[downs[tracks[0]].downtrack] is None
    assert last[downs[tracks[1]].downtrack] == 2
