"""WHIP and WHEP with clients that we did not write: aiortc, and Chromium's RTCPeerConnection with fetch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack
from playwright.async_api import Browser, Page, async_playwright

from tests.protocol.conftest import Server, running_server, until
from tests.protocol.pages import serving
from tests.protocol.streams import shown
from tests.protocol.test_browser import ARGUMENTS, CHROMIUM

PAGE = Path(__file__).with_name("whip.html")
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


class Light:
    """One aiortc peer connection: an encoder, or a player that counts what it decodes."""

    def __init__(self, server: Server, identity: str, room: str) -> None:
        self.server, self.token = server, server.token(identity, room)
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.received = {"audio": 0, "video": 0}
        self.session = ""
        self.headers: Mapping[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.connection.on("track", self._track)

    def _track(self, track: Any) -> None:
        self._tasks.add(asyncio.create_task(self._count(track)))

    async def _count(self, track: Any) -> None:
        try:
            while True:
                await track.recv()
                self.received[track.kind] += 1
        except MediaStreamError:
            return

    async def publish(self) -> None:
        for track in (AudioStreamTrack(), VideoStreamTrack()):
            self.connection.addTransceiver(track, direction="sendonly")
        await self._offer("/whip/v1")

    async def watch(self) -> None:
        for kind in ("audio", "video"):
            self.connection.addTransceiver(kind, direction="recvonly")
        await self._offer("/whep/v1")

    async def _offer(self, path: str) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        answer = await ask(self.server, "POST", path, self.token, self.connection.localDescription.sdp, SDP)
        assert answer.status == 201, answer.text
        self.session, self.headers = answer.headers["Location"], answer.headers
        await self.connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))

    async def leave(self) -> int:
        return (await ask(self.server, "DELETE", self.session, self.token)).status

    async def close(self) -> None:
        await self.connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Answer:
    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status, self.headers, self.text = status, headers, text


async def ask(
    server: Server, method: str, path: str, token: str = "", body: str = "", kind: str = "", **headers: str
) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    if kind:
        sent["Content-Type"] = kind
    async with aiohttp.ClientSession() as http:
        asked = http.request(method, server.http + path, data=body.encode() if body else None, headers=sent)
        async with asked as answer:
            return Answer(answer.status, answer.headers.copy(), await answer.text())


@pytest.fixture
async def light(server: Server, room: str) -> AsyncIterator[Callable[[str], Light]]:
    made: list[Light] = []

    def make(identity: str) -> Light:
        made.append(peer := Light(server, identity, room))
        return peer

    yield make
    for peer in made:
        await peer.close()


async def test_an_encoder_and_a_player_of_aiortc(server: Server, room: str, light: Callable[[str], Light]) -> None:
    encoder, player = light("encoder"), light("player")
    await encoder.publish()
    assert encoder.session.startswith("/whip/v1/PA_")
    assert encoder.headers["ETag"].startswith('"')
    await player.watch()
    await until(lambda: min(player.received.values()) > 20)
    listed = await server.call("ListParticipants", room=room)
    people = {p["identity"]: p for p in listed["participants"]}
    assert {t["source"] for t in people["encoder"]["tracks"]} == {"MICROPHONE", "CAMERA"}
    assert people["player"]["state"] == "ACTIVE"
    assert await encoder.leave() == 200
    left = await server.webhook("participant_left", room)
    assert left["participant"]["disconnectReason"] == "CLIENT_INITIATED"
    assert await encoder.leave() == 404
    # Every section of the player has carried its track: its session ends by itself.
    await until(lambda: player.connection.connectionState == "closed")
    names = [w["event"] for w in server.webhooks if w["room"]["name"] == room]
    assert names.index("participant_joined") < names.index("track_published")
    assert {"track_unpublished", "room_started"} <= set(names)


async def test_a_player_may_wait_for_the_encoder(light: Callable[[str], Light]) -> None:
    encoder, player = light("encoder"), light("player")
    await player.watch()
    await until(lambda: player.connection.connectionState == "connected")
    await encoder.publish()
    await until(lambda: min(player.received.values()) > 5)


async def test_a_meeting_hears_and_sees_an_encoder_and_a_player_the_meeting(
    room: str, people: Any, light: Callable[[str], Light]
) -> None:
    encoder = light("encoder")
    await encoder.publish()
    person = await people("person", room)
    await until(lambda: person.frames.get("encoder", 0) > 10)
    await person.publish()
    player = light("player")
    await player.watch()
    await until(lambda: min(player.received.values()) > 10)


async def test_one_that_goes_without_a_word_is_gone(server: Server, room: str, light: Callable[[str], Light]) -> None:
    encoder = light("encoder")
    await encoder.publish()
    await server.webhook("participant_joined", room)
    await encoder.connection.close()  # DTLS says goodbye
    left = await server.webhook("participant_left", room)
    assert left["participant"]["disconnectReason"] == "CLIENT_INITIATED"


async def test_one_that_is_removed_is_gone(server: Server, room: str, light: Callable[[str], Light]) -> None:
    encoder = light("encoder")
    await encoder.publish()
    await server.webhook("participant_joined", room)
    await server.call("RemoveParticipant", room=room, identity="encoder")
    await until(lambda: encoder.connection.connectionState == "closed")


async def test_a_hundred_players(server: Server, room: str) -> None:
    """They are let in quickly; what each costs is the benchmark's."""
    probe = Light(server, "probe", room)
    for kind in ("audio", "video"):
        probe.connection.addTransceiver(kind, direction="recvonly")
    await probe.connection.setLocalDescription(await probe.connection.createOffer())
    offer = probe.connection.localDescription.sdp
    answers = [await ask(server, "POST", "/whep/v1", server.token(f"player{n}", room), offer, SDP) for n in range(100)]
    assert {answer.status for answer in answers} == {201}
    listed = await server.call("ListParticipants", room=room)
    assert len(listed["participants"]) == 100
    await server.call("DeleteRoom", room=room)
    await probe.close()


# --- what is refused, and how


async def offered(identity: str = "x") -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver(AudioStreamTrack(), direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())
    text = str(connection.localDescription.sdp)
    await connection.close()
    return text


async def test_statuses_and_words(server: Server, room: str) -> None:
    good, token = await offered(), server.token("w", room)
    for path, wrong_type in (("/whip/v1", 400), ("/whep/v1", 415)):
        answer = await ask(server, "POST", path, "", "v=0", SDP)
        assert (answer.status, answer.text) == (401, '{"error": "no permissions to access the room"}\n')
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert (await ask(server, "POST", path, "nonsense", "v=0", SDP)).status == 401
        assert (await ask(server, "POST", path, server.token("w", room, roomJoin=False), good, SDP)).status == 401
        assert (await ask(server, "POST", path, token, "hello", SDP)).status == 400
        assert (await ask(server, "POST", path, token, "v=0", "text/plain")).status == wrong_type
        assert (await ask(server, "POST", path, token, "v=0\r\n", SDP)).status == 422
        assert (await ask(server, "POST", path, token, "v=0\r\n" + "a" * 600_000, SDP)).status == 413
        assert (await ask(server, "GET", path)).status == 204
        assert (await ask(server, "PUT", path, token)).status == 405
        options = await ask(server, "OPTIONS", path)
        assert (options.status, options.headers["Accept-Post"]) == (200, SDP)
        assert (await ask(server, "DELETE", f"{path}/PA_nobody", token)).status == 404
        assert (await ask(server, "DELETE", f"{path}/PA_nobody")).status == 401
        assert (await ask(server, "POST", f"{path}/PA_nobody", token)).status == 405
        assert (await ask(server, "PATCH", f"{path}/PA_nobody", token, "a=x", FRAGMENT)).status == 428
        assert (await ask(server, "PATCH", f"{path}/PA_nobody", token, "a=x", SDP, If_Match="*")).status == 415
        assert (await ask(server, "PATCH", f"{path}/PA_nobody", token, "a=x", FRAGMENT, If_Match="*")).status == 404
    assert (await ask(server, "POST", "/whip/v1", server.token("w2", room, canPublish=False), good, SDP)).status == 403
    assert (await ask(server, "POST", "/whep/v1", server.token("w2", room, canSubscribe=False), good, SDP)).status == 403
    listed = await server.call("ListRooms", names=[room])
    assert not listed.get("rooms")  # nothing of all that has opened a room


async def test_too_many_of_one_identity_wait(server: Server, room: str) -> None:
    good, token = await offered(), server.token("w", room)
    answers = [await ask(server, "POST", "/whip/v1", token, good, SDP) for _ in range(14)]
    assert [a.status for a in answers[:10]] == [201] * 10
    assert answers[-1].status == 429
    assert answers[-1].headers["Retry-After"] == "2"


async def test_a_trickled_candidate_is_taken_and_a_foreign_session_is_not(server: Server, room: str) -> None:
    good, token = await offered(), server.token("w", room)
    answer = await ask(server, "POST", "/whip/v1", token, good, SDP)
    session, etag = answer.headers["Location"], answer.headers["ETag"]
    lines = [line for line in good.split("\r\n") if line.startswith(("a=ice-ufrag", "a=ice-pwd"))][:2]
    fragment = "\r\n".join([*lines, "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", "a=end-of-candidates", ""])
    assert (await ask(server, "PATCH", session, token, fragment, FRAGMENT, If_Match=etag)).status == 204
    # RFC 9110, 13.1.1: one of a list is enough, a comma may be in a tag, weak ones match nothing, "*" in quotes is a tag.
    for matched, status in (
        (f'"other", {etag}', 204),
        (f',{etag}  ,"oth,er"', 204),
        (" * ", 204),
        ('"other"', 412),
        (f'"oth,er", "{etag[1:-1]},"', 412),
        (f"W/{etag}", 412),
        ('"*"', 412),
        (f"*, {etag}", 400),
        (f"{etag}{etag}", 400),
        (f'{etag}, "', 400),
    ):
        answer = await ask(server, "PATCH", session, token, fragment, FRAGMENT, If_Match=matched)
        assert (matched, answer.status) == (matched, status)
    assert (await ask(server, "PATCH", session, token, "nonsense", FRAGMENT, If_Match="*")).status == 400
    other = server.token("somebody-else", room)
    assert (await ask(server, "DELETE", session, other)).status == 404
    elsewhere = server.token("w", room + "-other")
    assert (await ask(server, "DELETE", session, elsewhere)).status == 404
    assert (await ask(server, "DELETE", session, token)).status == 200


@pytest.mark.slow
async def test_turn_servers_are_told_in_links(tmp_path: Path) -> None:
    turn = "rtc: {turn_servers: [{host: turn.example.org, port: 443, protocol: tls, secret: abc, ttl: 60}]}"
    with running_server(tmp_path, "--config-body", turn) as server:
        answer = await ask(server, "POST", "/whip/v1", server.token("w", "r"), await offered(), SDP)
    url, *said = answer.headers["Link"].split("; ")
    assert url == "<turns:turn.example.org:443?transport=tcp>"
    assert said[0] == 'rel="ice-server"'
    assert said[1].startswith('username="')
    assert said[3] == 'credential-type="password"'


# --- Chromium

browsers = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture(scope="module")
def page_url() -> Iterator[str]:
    with serving(PAGE, {}) as address:
        yield address


@pytest.fixture
def tab(browser: Browser, page_url: str) -> Callable[[], Awaitable[Page]]:
    async def opened() -> Page:
        context = await browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        await page.goto(page_url)
        await page.wait_for_function("window.ready")
        return page

    return opened


async def growing(page: Page, what: str, by: int) -> None:
    """What the page counts grows."""
    before = await page.evaluate(what)
    await shown(page, f"async (least) => (await {what}) > least", arg=before + by)


@pytest.mark.journey
@browsers
async def test_chromium_publishes_in_layers_and_another_watches(
    server: Server, room: str, tab: Callable[[], Awaitable[Page]]
) -> None:
    encoder, player = await tab(), await tab()
    layers = [{"rid": "q", "scaleResolutionDownBy": 4}, {"rid": "h", "scaleResolutionDownBy": 2}, {"rid": "f"}]
    arguments = [f"{server.http}/whip/v1", server.token("encoder", room), layers]
    await encoder.evaluate("([u, t, e]) => publish(u, t, e)", arguments)
    await player.evaluate("([u, t]) => watch(u, t)", [f"{server.http}/whep/v1", server.token("player", room)])
    await growing(player, "frames()", 20)
    await growing(player, "sound()", 48_000)
    assert await player.evaluate("streams.size") == 1
    await shown(encoder, "async () => (await sent()).filter(([, frames]) => frames > 0).length === 3", within=60.0)
    listed = await server.call("ListParticipants", room=room)
    tracks = [t for p in listed["participants"] for t in p.get("tracks", []) if t["type"] == "VIDEO"]
    assert len(tracks) == 1, listed
    track = tracks[0]
    assert track["simulcast"]
    assert [layer["rid"] for layer in track["layers"]] == ["q", "h", "f"]
    assert await encoder.evaluate("leave()") == 200
    await player.wait_for_function("pc.connectionState !== 'connected'", timeout=20_000)


# Media takes a pair whose credentials are the last offer's, not one from before the restart.
OVER_THE_NEW = """async () => {
  const [, fresh] = pc.localDescription.sdp.match(/^a=ice-ufrag:(.*)$/m);
  return (await pair())?.local?.usernameFragment === fresh && ["connected", "completed"].includes(pc.iceConnectionState);
}"""


@pytest.mark.journey
@browsers
async def test_ice_restarts_over_http_and_media_goes_on(server: Server, room: str, tab: Callable[[], Awaitable[Page]]) -> None:
    encoder, player = await tab(), await tab()
    await encoder.evaluate("([u, t]) => publish(u, t)", [f"{server.http}/whip/v1", server.token("encoder", room)])
    await player.evaluate("([u, t]) => watch(u, t)", [f"{server.http}/whep/v1", server.token("player", room)])
    await growing(player, "frames()", 10)
    for page in (encoder, player):
        assert await page.evaluate("restart()") == 200
        await shown(page, OVER_THE_NEW)
        await growing(player, "frames()", 20)
