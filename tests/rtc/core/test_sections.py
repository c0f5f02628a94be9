"""Sections of a subscriber's description: they rest when what they carried has ended, and are used again."""

from __future__ import annotations

from livekit.protocol import rtc

from suite.rtc.core import media
from tests.rtc.core.test_tracks import NOTHING_MORE, VIDEO_IN, answer, needed
from tests.rtc.core.world import World


def test_a_section_rests_for_a_round_before_it_is_used_again() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    first = b.publish("one", video=True)
    a.offer(VIDEO_IN)
    b.offer(("video", "inactive", ""))
    assert world.of(media.RemoveDowntrack)
    assert needed(a) == NOTHING_MORE
    second = b.publish("two", video=True)
    resting = a.offer(VIDEO_IN)
    assert "a=inactive" in resting.sdp
    assert not resting.mid_to_track_id
    assert needed(a) == NOTHING_MORE
    used = a.offer(VIDEO_IN)
    assert dict(used.mid_to_track_id) == {"0": second}
    assert first != second


def test_many_turns_need_no_more_sections_than_were_used_at_once() -> None:
    world = World()
    a, b = world.join("a"), world.join("b")
    sid = b.publish("cam", video=True)
    sections, answered = [VIDEO_IN], 0
    a.offer(*sections)
    for _ in range(500):
        for wanted in (False, True):
            a.send(subscription=rtc.UpdateSubscription(track_sids=[sid], subscribe=wanted))
            while len(asked := a.all("media_sections_requirement")) > answered:
                answered += 1
                sections += [VIDEO_IN] * asked[answered - 1].num_videos
                a.offer(*sections)
    assert len(sections) <= 3
    assert list(a.last("answer").mid_to_track_id.values()) == [sid]


def test_many_turns_over_two_connections_need_no_more_sections_either() -> None:
    world = World()
    a, b = world.join("a", single=False), world.join("b", single=False)
    sid, answered = b.publish("cam", video=True), 0
    for _ in range(500):
        for wanted in (False, True):
            a.send(subscription=rtc.UpdateSubscription(track_sids=[sid], subscribe=wanted))
            while len(offers := a.all("offer")) > answered:
                answered = len(offers)
                answer(a, offers[-1])
    assert a.last("offer").sdp.count("m=video") <= 3
    assert list(a.last("offer").mid_to_track_id.values()) == [sid]
