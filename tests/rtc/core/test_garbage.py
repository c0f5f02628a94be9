"""Whatever a member sends, in whatever order: control answers or closes, and nobody else notices."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from livekit.protocol import models, rtc

from suite.rtc.core import media
from tests.rtc.core.world import VP8_CODEC, World, offer_text

SIDS = st.sampled_from(["", "TR_none", "mine", "theirs"])
SECTIONS = st.lists(
    st.tuples(
        st.sampled_from(["audio", "video", "text"]), st.sampled_from(["sendonly", "recvonly", "inactive", "sendrecv"]), SIDS
    ),
    max_size=4,
)
REQUESTS = st.one_of(
    st.builds(lambda s: {"offer": rtc.SessionDescription(type="offer", sdp=offer_text(*s))}, SECTIONS),
    st.builds(lambda t: {"offer": rtc.SessionDescription(sdp="v=0\r\n" + t)}, st.text(max_size=50)),
    st.builds(lambda t, n: {"answer": rtc.SessionDescription(sdp=t, id=n)}, st.text(max_size=50), st.integers(0, 5)),
    st.builds(
        lambda c, k, m: {"add_track": rtc.AddTrackRequest(cid=c, type=k, muted=m)}, SIDS, st.integers(0, 2), st.booleans()
    ),
    st.builds(lambda s, m: {"mute": rtc.MuteTrackRequest(sid=s, muted=m)}, SIDS, st.booleans()),
    st.builds(lambda s, w: {"subscription": rtc.UpdateSubscription(track_sids=[s], subscribe=w)}, SIDS, st.booleans()),
    st.builds(
        lambda s, w, h: {"track_setting": rtc.UpdateTrackSettings(track_sids=[s], width=w, height=h, quality=h % 5)},
        SIDS,
        st.integers(0, 1 << 31),
        st.integers(0, 1 << 31),
    ),
    st.builds(
        lambda s, a: {
            "subscription_permission": rtc.SubscriptionPermission(
                all_participants=a, track_permissions=[rtc.TrackPermission(participant_identity="b", track_sids=[s])]
            )
        },
        SIDS,
        st.booleans(),
    ),
    st.builds(
        lambda t: {"update_metadata": rtc.UpdateParticipantMetadata(name=t, metadata=t, attributes={t: t})},
        st.text(max_size=20),
    ),
    st.builds(lambda n: {"simulate": rtc.SimulateScenario(speaker_update=n)}, st.integers(-5, 100)),
    st.builds(
        lambda n: {
            "sync_state": rtc.SyncState(
                datachannel_receive_states=[rtc.DataChannelReceiveState(publisher_sid="PA_x", last_seq=n)]
            )
        },
        st.integers(0, 9),
    ),
    st.just({"leave": rtc.LeaveRequest()}),
    st.just({"ping": 1}),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(REQUESTS, max_size=25), st.booleans())
def test_any_sequence_of_requests_leaves_the_others_undisturbed(requests: list[dict[str, object]], single: bool) -> None:
    world = World()
    a, b = world.join("a", single=single), world.join("b", single=single)
    for request in requests:
        a.send(**request)
        for published in a.all("track_published"):
            world.report(media.LayerStarted(published.track.sid, 0, VP8_CODEC))
        world.wait(0.7)
    assert b.closed is None
    a_now = world.join("a", single=single)
    assert a_now.last("join").participant.state == models.ParticipantInfo.JOINING
    assert [p.identity for p in a_now.last("join").other_participants] == ["b"]
    world.wait(200)
    assert b.knows("a").state == models.ParticipantInfo.ACTIVE
