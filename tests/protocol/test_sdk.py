"""LiveKit's Python SDK and server API against our server, through a real worker and real media."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from livekit import api, rtc

from tests.protocol.conftest import DEADLINE, Server, free_port, running_server, until
from tests.protocol.person import Person

pytestmark = pytest.mark.slow
HEARD = 2000  # of 32767; the tone has 8000


async def met(a: Person, b: Person) -> None:
    """Each hears the other's tone and sees its pictures."""
    for one, other in ((a, b), (b, a)):
        await until(lambda one=one, other=other: one.loudest.get(other.identity, 0) > HEARD)
        await until(lambda one=one, other=other: one.frames.get(other.identity, 0) > 10)


@pytest.fixture
async def livekit(server: Server) -> Any:
    from tests.protocol.conftest import DEV_KEY, DEV_SECRET

    client = api.LiveKitAPI(server.http, DEV_KEY, DEV_SECRET)
    yield client
    await client.aclose()


@pytest.mark.parametrize("single", [False, True], ids=["two connections", "one connection"])
async def test_two_people_hear_see_and_write_to_each_other(people: Any, server: Server, room: str, single: bool) -> None:
    a = await people("a", room, single=single)
    b = await people("b", room, single=single)
    await a.publish()
    await b.publish()
    await met(a, b)
    await a.room.local_participant.publish_data(b"reliable", reliable=True)
    await until(lambda: b.data)
    async with asyncio.timeout(DEADLINE):
        while not a.data:  # what is lossy may be lost: it does not wait for a line that is not up
            await b.room.local_participant.publish_data(b"lossy", reliable=False)
            await asyncio.sleep(0.1)
    assert (b.data, set(a.data)) == ([("a", b"reliable")], {("b", b"lossy")})
    assert (await server.webhook("participant_joined", room))["signed_by"] == "devkey"
    await server.webhook("track_published", room)


async def test_old_and_new_connections_meet(people: Any, room: str) -> None:
    a = await people("a", room, single=False)
    b = await people("b", room, single=True)
    await a.publish()
    await b.publish()
    await met(a, b)


async def test_who_comes_later_gets_what_is_there(people: Any, room: str) -> None:
    a = await people("a", room)
    await a.publish()
    b = await people("b", room, single=True)
    await until(lambda: b.loudest.get("a", 0) > HEARD and b.frames.get("a", 0) > 5)


async def reported(person: Person) -> list[int]:
    """How many sender reports libwebrtc has taken of each stream that somebody gets."""
    publications = [one for p in person.room.remote_participants.values() for one in p.track_publications.values()]
    stats = [each for one in publications if one.track is not None for each in await one.track.get_stats()]
    return [one.remote_outbound_rtp.remote_outbound.reports_sent for one in stats if one.HasField("remote_outbound_rtp")]


async def test_sender_reports_that_leave_together_are_taken_for_each_stream(people: Any, room: str) -> None:
    a, b, c = await people("a", room), await people("b", room), await people("c", room, single=True)
    await a.publish()
    await b.publish()
    await until(lambda: c.frames.get("a", 0) > 5 and c.frames.get("b", 0) > 5)
    async with asyncio.timeout(DEADLINE):
        told: list[int] = []
        while len(told) < 4 or min(told) < 2:  # two cameras and two microphones
            await asyncio.sleep(0.2)
            told = await reported(c)


async def test_mute_unmute_and_unpublish(people: Any, room: str) -> None:
    a, b = await people("a", room), await people("b", room, single=True)
    await a.publish()
    await until(lambda: b.loudest.get("a", 0) > HEARD)
    a.publications["mic"].track.mute()
    await until(lambda: b.has("track_muted"))
    a.publications["mic"].track.unmute()
    await until(lambda: b.has("track_unmuted"))
    await a.room.local_participant.unpublish_track(a.publications["cam"].sid)
    await until(lambda: b.has("track_unpublished"))


@pytest.mark.parametrize("single", [False, True], ids=["two connections", "one connection"])
async def test_a_lost_connection_is_resumed(people: Any, room: str, single: bool) -> None:
    a, b = await people("a", room, single=single), await people("b", room, single=single)
    await a.publish()
    await until(lambda: b.frames.get("a", 0) > 5)
    await b.room.simulate_scenario(rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT)
    await until(lambda: b.has("reconnected"))
    before = b.frames["a"]
    await until(lambda: b.frames["a"] > before + 10)
    assert not a.has("participant_disconnected")


async def test_the_same_identity_twice_ends_the_first(people: Any, room: str) -> None:
    first = await people("a", room)
    await people("a", room)
    await until(lambda: first.has("disconnected"))
    assert first.events[-1][1][0] == rtc.DisconnectReason.DUPLICATE_IDENTITY


async def test_the_server_api_manages_a_room(people: Any, livekit: Any, server: Server, room: str) -> None:
    created = await livekit.room.create_room(api.CreateRoomRequest(name=room, metadata="hello", empty_timeout=60))
    assert created.metadata == "hello"
    a, b = await people("a", room), await people("b", room)
    await a.publish(video=False)
    await until(lambda: b.loudest.get("a", 0) > HEARD)
    listed = await livekit.room.list_rooms(api.ListRoomsRequest(names=[room]))
    assert [r.num_participants for r in listed.rooms] == [2]
    there = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
    assert {p.identity for p in there.participants} == {"a", "b"}
    sid = next(p for p in there.participants if p.identity == "a").tracks[0].sid
    await livekit.room.mute_published_track(api.MuteRoomTrackRequest(room=room, identity="a", track_sid=sid, muted=True))
    await until(lambda: b.has("track_muted"))
    await livekit.room.update_participant(api.UpdateParticipantRequest(room=room, identity="a", name="Awa"))
    await until(lambda: b.has("participant_name_changed"))
    await livekit.room.send_data(api.SendDataRequest(room=room, data=b"hi", destination_identities=["b"]))
    await until(lambda: ("", b"hi") in b.data)
    await livekit.room.update_room_metadata(api.UpdateRoomMetadataRequest(room=room, metadata="new"))
    await until(lambda: b.has("room_metadata_changed"))
    await livekit.room.remove_participant(api.RoomParticipantIdentity(room=room, identity="b"))
    await until(lambda: b.has("disconnected"))
    with pytest.raises(api.TwirpError) as refused:
        await livekit.room.get_participant(api.RoomParticipantIdentity(room=room, identity="b"))
    assert (refused.value.code, refused.value.status) == ("not_found", 404)
    await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
    await until(lambda: a.has("disconnected"))
    await server.webhook("participant_left", room)
    await server.webhook("room_finished", room)


async def test_what_may_not_be_heard_is_not_sent(people: Any, livekit: Any, room: str) -> None:
    a = await people("a", room)
    b = await people("b", room, canSubscribe=False)
    await a.publish(video=False)
    await until(lambda: "a" in b.room.remote_participants and b.room.remote_participants["a"].track_publications)
    await asyncio.sleep(0.5)
    assert not b.loudest
    permission = api.ParticipantPermission(can_subscribe=True, can_publish=True, can_publish_data=True)
    await livekit.room.update_participant(api.UpdateParticipantRequest(room=room, identity="b", permission=permission))
    await until(lambda: b.loudest.get("a", 0) > HEARD)


async def test_a_participant_answers_the_servers_call(people: Any, livekit: Any, room: str) -> None:
    b = await people("b", room)

    async def double(data: Any) -> str:
        return str(2 * int(data.payload))

    b.room.local_participant.register_rpc_method("double", double)
    request = api.PerformRpcRequest(room=room, destination_identity="b", method="double", payload="4", response_timeout_ms=5000)
    header = livekit.room._auth_header(api.VideoGrants(room_admin=True, room=room))
    answer = await livekit.room._client.request("RoomService", "PerformRpc", request, header, api.PerformRpcResponse)
    assert answer.payload == "8"


async def test_what_is_not_implemented_says_so(livekit: Any) -> None:
    client = livekit.egress
    calls = [
        client.start_room_composite_egress(api.RoomCompositeEgressRequest(room_name="r")),
        client.start_web_egress(api.WebEgressRequest(url="https://example.org")),
        client.start_participant_egress(api.ParticipantEgressRequest(room_name="r")),
        client.start_track_composite_egress(api.TrackCompositeEgressRequest(room_name="r")),
        client.update_layout(api.UpdateLayoutRequest(egress_id="EG_x")),
        client.update_stream(api.UpdateStreamRequest(egress_id="EG_x")),
        livekit.ingress.list_ingress(api.ListIngressRequest()),
        livekit.sip.list_outbound_trunk(api.ListSIPOutboundTrunkRequest()),
        livekit.agent_dispatch.list_dispatch(room_name="r"),
    ]
    for call in calls:
        with pytest.raises(api.TwirpError) as refused:
            await call
        assert refused.value.code == "unimplemented"
        assert "here" in refused.value.message


ELSEWHERE = {
    "Egress/StartRoomCompositeEgress": {"video": {"roomRecord": True}},
    "Egress/StartEgress": {"video": {"roomRecord": True}},
    "Egress/UpdateLayout": {"video": {"roomRecord": True}},
    "Ingress/CreateIngress": {"video": {"ingressAdmin": True}},
    "SIP/ListSIPDispatchRule": {"sip": {"admin": True}},
    "SIP/CreateSIPParticipant": {"sip": {"call": True}},
    "AgentDispatchService/ListDispatch": {"video": {"roomAdmin": True, "room": "r"}},
}


@pytest.mark.parametrize("kind", ["application/json", "application/protobuf"])
@pytest.mark.parametrize("name", ELSEWHERE)
async def test_what_is_elsewhere_is_refused_as_twirp_has_it(server: Server, name: str, kind: str) -> None:
    """LiveKit's order: where to, what, who; then that it is not here. Answers are JSON, whatever was asked in."""
    body = api.ListAgentDispatchRequest(room="r") if name.startswith("Agent") else None
    asked = (body.SerializeToString() if kind.endswith("protobuf") else b'{"room": "r"}') if body else b""
    rights = {"video": {}, **ELSEWHERE[name]}

    async def said(path: str, sent: bytes, kind: str, claims: dict[str, Any]) -> tuple[int, str, str]:
        headers = {"Authorization": f"Bearer {server.token('x', claims=claims)}", "Content-Type": kind}
        url = f"{server.http}/twirp/livekit.{path}"
        async with aiohttp.ClientSession() as http, http.post(url, data=sent, headers=headers) as answer:
            assert answer.content_type == "application/json"
            told = await answer.json()
            return answer.status, told["code"], told["msg"]

    status, code, sentence = await said(name, asked, kind, rights)
    assert (status, code) == (501, "unimplemented")
    assert " here" in sentence
    assert await said(name, asked, kind, {"video": {"roomJoin": True}, "sip": {}}) == (
        401,
        "unauthenticated",
        "permissions denied",
    )
    assert (await said(name, b"\xff{", kind, rights))[:2] == (400, "malformed")
    assert (await said(name, asked, "text/plain", rights))[:2] == (404, "bad_route")
    assert (await said(name + "s", asked, kind, rights))[:2] == (404, "bad_route")


COUNTED = {
    "livekit_room_total{": 1,
    "livekit_participant_total{": 2,
    'livekit_track_published_total{kind="VIDEO"': 1,
    'livekit_track_subscribed_total{kind="AUDIO"': 1,
    'livekit_packet_total{country="",direction="incoming"': 100,
    'livekit_packet_total{country="",direction="outgoing"': 100,
    'livekit_packet_bytes{country="",direction="outgoing"': 1000,
    'suite_rtc_tasks{node_id="suite",node_type="SERVER",process="signalling"}': 5,
    'suite_rtc_tasks{node_id="suite",node_type="SERVER",process="worker0"}': 5,
}


async def test_operators_see_livekits_counters(tmp_path: Any, people: Any) -> None:
    port = free_port()
    options = ("--prometheus.port", str(port), "--prometheus.username", "me", "--prometheus.password", "word")
    with running_server(tmp_path, *options) as server:
        a, b = await people("a", "r", at=server), await people("b", "r", at=server)
        await a.publish()
        await until(lambda: b.frames.get("a", 0) > 10)
        url = f"http://127.0.0.1:{port}/metrics"
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as refused:
                assert refused.status == 401
            lacking = dict(COUNTED)
            async with asyncio.timeout(DEADLINE):
                while lacking:
                    async with session.get(url, headers={"Authorization": aiohttp.encode_basic_auth("me", "word")}) as answer:
                        page = (await answer.text()).splitlines()
                    rows = [line.rpartition(" ") for line in page if not line.startswith("#")]
                    most = {name: max(float(n) for row, _, n in rows if row.startswith(name)) for name in COUNTED}
                    lacking = {name: at for name, at in COUNTED.items() if most[name] < at}
                    await asyncio.sleep(0.2)
        await a.leave()
        await b.leave()
