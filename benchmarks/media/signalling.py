"""How a publisher and a reader reach each server: WHIP and WHEP, LiveKit's protocol, Janus's VideoRoom."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp
from livekit.api import AccessToken, VideoGrants
from livekit.protocol import models, rtc

from benchmarks.media import description
from benchmarks.media.endpoint import Endpoint

KEY, SECRET = "devkey", "secretsecretsecretsecretsecretsecret12"
ROOM = "benchmark"
ANSWER_SECONDS = 15.0


class Signalling(Protocol):
    async def publish(self, endpoint: Endpoint, *, ssrc: int, rtx_ssrc: int) -> None: ...

    async def watch(self, endpoint: Endpoint) -> None: ...


def _offer(endpoint: Endpoint, direction: str, **more: Any) -> str:
    return offer(endpoint, [description.Section(direction=direction, **{"mid": "0", **more})])


def offer(endpoint: Endpoint, sections: Sequence[description.Section]) -> str:
    """What the endpoint has to say of itself, and of what it sends and takes."""
    return description.write(
        ufrag=endpoint.ufrag, password=endpoint.password, fingerprint=endpoint.fingerprint, sections=sections
    )


async def join(
    http: aiohttp.ClientSession, url: str, request: rtc.JoinRequest, *, identity: str, publish: bool
) -> aiohttp.ClientWebSocketResponse:
    """Ask LiveKit's protocol for a place in the room, on one peer connection (`/rtc/v1`)."""
    grants = VideoGrants(room_join=True, room=ROOM, can_publish=publish)
    token = AccessToken(KEY, SECRET).with_identity(identity).with_grants(grants).to_jwt()
    wrapped = rtc.WrappedJoinRequest(compression=rtc.WrappedJoinRequest.NONE, join_request=request.SerializeToString())
    query = {"access_token": token, "join_request": base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()}
    return await http.ws_connect(f"{url}/rtc/v1?{urlencode(query)}", max_msg_size=0)


class Whip:
    """RFC 9725 and its companion; the token is needed by ours alone."""

    def __init__(self, http: aiohttp.ClientSession, url: str, *, suffix: str = "") -> None:
        self._http, self._url, self._suffix = http, url, suffix

    async def _post(self, path: str, offer: str, grants: VideoGrants) -> description.Remote:
        token = AccessToken(KEY, SECRET).with_identity(f"w{secrets.token_hex(4)}").with_grants(grants).to_jwt()
        headers = {"content-type": "application/sdp", "authorization": f"Bearer {token}"}
        async with self._http.post(self._url + path + self._suffix, data=offer, headers=headers) as answer:
            text = await answer.text()
            if answer.status not in {200, 201}:
                raise ConnectionError(f"{path} answered {answer.status}: {text}")
        return description.parse(text)

    async def publish(self, endpoint: Endpoint, *, ssrc: int, rtx_ssrc: int) -> None:
        grants = VideoGrants(room_join=True, room=ROOM, can_publish=True)
        await endpoint.connect(await self._post("/whip", _offer(endpoint, "sendonly", ssrc=ssrc, rtx_ssrc=rtx_ssrc), grants))

    async def watch(self, endpoint: Endpoint) -> None:
        grants = VideoGrants(room_join=True, room=ROOM, can_publish=False)
        await endpoint.connect(await self._post("/whep", _offer(endpoint, "recvonly"), grants))


class LiveKit:
    """One peer connection, as livekit-client speaks it."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._sockets: list[asyncio.Task[None]] = []

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse, sent: str) -> description.Remote:
        """Read until there is an answer whose section goes `sent`'s way; offer anew where the server asks for sections."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                response = rtc.SignalResponse.FromString(await socket.receive_bytes())
                if response.HasField("answer") and f"a={sent}" in response.answer.sdp:
                    remote = description.parse(response.answer.sdp)
                    break
                if response.HasField("media_sections_requirement"):
                    await socket.send_bytes(rtc.SignalRequest(offer=self._again).SerializeToString())
        self._sockets.append(asyncio.create_task(self._listen(socket)))
        return remote

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for _ in socket:
            pass

    async def publish(self, endpoint: Endpoint, *, ssrc: int, rtx_ssrc: int) -> None:
        self._again = rtc.SessionDescription(type="offer", sdp=_offer(endpoint, "sendonly", ssrc=ssrc, rtx_ssrc=rtx_ssrc), id=1)
        track = rtc.AddTrackRequest(
            cid="camera", name="camera", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA, width=1280, height=720,
            layers=[models.VideoLayer(quality=models.VideoQuality.HIGH, width=1280, height=720, bitrate=2_300_000, ssrc=ssrc)],
        )  # fmt: skip
        request = rtc.JoinRequest(
            connection_settings=rtc.ConnectionSettings(auto_subscribe=False),
            add_track_requests=[track],
            publisher_offer=self._again,
        )
        socket = await join(self._http, self._url, request, identity=f"b{secrets.token_hex(4)}", publish=True)
        await endpoint.connect(await self._answer(socket, "recvonly"))

    async def watch(self, endpoint: Endpoint) -> None:
        one = LiveKit(self._http, self._url)
        one._again = rtc.SessionDescription(type="offer", sdp=_offer(endpoint, "recvonly"), id=1)
        request = rtc.JoinRequest(connection_settings=rtc.ConnectionSettings(auto_subscribe=True), publisher_offer=one._again)
        socket = await join(self._http, self._url, request, identity=f"b{secrets.token_hex(4)}", publish=False)
        await endpoint.connect(await one._answer(socket, "sendonly"))
        self._sockets += one._sockets


class Janus:
    """The VideoRoom plugin's room 1, over Janus's websocket."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http, self._url = http, url
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._session = 0
        self._opening = asyncio.Lock()

    async def _open(self) -> None:
        async with self._opening:
            if self._session:
                return
            self._socket = await self._http.ws_connect(self._url, protocols=["janus-protocol"])
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep())]
            self._session = (await self._ask({"janus": "create"}))["data"]["id"]

    async def _listen(self) -> None:
        async for message in self._socket:
            said = message.json()
            waiting = self._waiting.get(said.get("transaction", ""))
            if waiting is not None and said["janus"] != "ack" and not waiting.done():
                waiting.set_result(said)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(20)
            await self._ask({"janus": "keepalive"}, answered=False)

    async def _ask(self, message: dict[str, Any], *, answered: bool = True) -> dict[str, Any]:
        name = secrets.token_hex(6)
        self._waiting[name] = asyncio.get_running_loop().create_future()
        session = {"session_id": self._session} if self._session else {}
        await self._socket.send_json({**message, "transaction": name, **session})
        if not answered:
            return {}
        said = await asyncio.wait_for(self._waiting[name], ANSWER_SECONDS)
        del self._waiting[name]
        if said["janus"] == "error" or "error" in said.get("plugindata", {}).get("data", {}):
            raise ConnectionError(f"Janus: {said}")
        return said

    async def _attach(self) -> int:
        await self._open()
        return int((await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"}))["data"]["id"])

    async def _message(self, handle: int, body: dict[str, Any], jsep: dict[str, str] | None = None) -> dict[str, Any]:
        return await self._ask({"janus": "message", "handle_id": handle, "body": body, **({"jsep": jsep} if jsep else {})})

    async def publish(self, endpoint: Endpoint, *, ssrc: int, rtx_ssrc: int) -> None:
        handle = await self._attach()
        await self._message(handle, {"request": "join", "ptype": "publisher", "room": 1, "id": 7})
        offer = {"type": "offer", "sdp": _offer(endpoint, "sendonly", ssrc=ssrc, rtx_ssrc=rtx_ssrc)}
        answer = await self._message(handle, {"request": "configure", "audio": False, "video": True}, offer)
        await endpoint.connect(description.parse(answer["jsep"]["sdp"]))

    async def watch(self, endpoint: Endpoint) -> None:
        handle = await self._attach()
        offer = await self._message(handle, {"request": "join", "ptype": "subscriber", "room": 1, "streams": [{"feed": 7}]})
        remote = description.parse(offer["jsep"]["sdp"])
        mid = next(line[6:] for line in offer["jsep"]["sdp"].splitlines() if line.startswith("a=mid:"))
        sdp = _offer(endpoint, "recvonly", mid=mid, payload_type=remote.payload_type, transport_id=remote.transport_id or 3)
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": sdp})
        await endpoint.connect(remote)


def signalling(http: aiohttp.ClientSession, kind: str, url: str) -> Signalling:
    """The way of that name: `livekit`, `whip` (pion), `whip-v1` (ours), `janus`."""
    if kind == "livekit":
        return LiveKit(http, url)
    if kind == "janus":
        return Janus(http, url)
    return Whip(http, url, suffix="/v1" if kind == "whip-v1" else "")
