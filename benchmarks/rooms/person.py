"""One person of the room: joins by LiveKit's protocol, publishes microphone and camera, follows the others."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import aiohttp
import pylibsrtp
from livekit.protocol import models, rtc

from benchmarks.media import description
from benchmarks.media.endpoint import Endpoint
from benchmarks.media.signalling import ANSWER_SECONDS, join, offer
from benchmarks.rooms import load
from benchmarks.rooms.sending import Microphone, Numbering, Picture
from suite.rtc.packets import rtcp

SOUND_MID: Final = "0"
CAMERA_MID: Final = "1"


class Person:
    """`described` are the tracks that the server sends, by its names of them; `of` whose they are and what."""

    def __init__(self, number: int, *, people: int, speaks: bool, dynacast: bool) -> None:
        self.number, self.people, self.speaks, self.dynacast = number, people, speaks, dynacast
        self.endpoint = Endpoint()
        self.microphone = Microphone(self.endpoint, person=number, speaks=speaks, mid=SOUND_MID)
        numbering = Numbering()
        self.pictures = [
            Picture(self.endpoint, person=number, layer=layer, mid=CAMERA_MID, numbering=numbering)
            for layer in range(len(load.LAYERS))
        ]
        self.of: dict[str, tuple[int, str]] = {}
        self.described: dict[str, description.Sent] = {}
        self.asked_for = 0  # keyframes
        self._sections = [
            description.Section(SOUND_MID, "sendonly", kind="audio", track="microphone", ssrc=self.microphone.ssrc),
            description.Section(CAMERA_MID, "sendonly", track="camera", rids=[layer.rid for layer in load.LAYERS]),
        ]
        self._answered = asyncio.Event()
        self._offers = 0
        self._remote: description.Remote | None = None

    # --- signalling

    async def join(self, http: aiohttp.ClientSession, url: str) -> None:
        """Be let in and connected."""
        layers = [
            models.VideoLayer(quality=quality, width=layer.width, height=layer.height, bitrate=layer.bit_rate)
            for quality, layer in zip((models.VideoQuality.LOW, models.VideoQuality.MEDIUM), load.LAYERS, strict=True)
        ]
        largest = load.LAYERS[-1]
        request = rtc.JoinRequest(
            connection_settings=rtc.ConnectionSettings(auto_subscribe=False, adaptive_stream=True),
            add_track_requests=[
                rtc.AddTrackRequest(
                    cid="microphone", name="microphone", type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE,
                    disable_red=True,
                ),
                rtc.AddTrackRequest(
                    cid="camera", name="camera", type=models.TrackType.VIDEO, source=models.TrackSource.CAMERA,
                    width=largest.width, height=largest.height, layers=layers,
                    simulcast_codecs=[rtc.SimulcastCodec(codec="vp8", cid="camera")],
                ),
            ],
            publisher_offer=self._offer(),
        )  # fmt: skip
        self._socket = await join(http, url, request, identity=f"person-{self.number}", publish=True)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._ping())]
        async with asyncio.timeout(ANSWER_SECONDS):
            await self._answered.wait()
        assert self._remote is not None
        await self.endpoint.connect(self._remote)

    def _offer(self) -> rtc.SessionDescription:
        self._offers += 1
        return rtc.SessionDescription(type="offer", sdp=offer(self.endpoint, self._sections), id=self._offers)

    async def _listen(self) -> None:
        async for message in self._socket:
            await self._heard(rtc.SignalResponse.FromString(message.data))

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(load.PING_EVERY)
            await self._send(rtc.SignalRequest(ping_req=rtc.Ping(timestamp=int(time.time() * 1000))))

    async def _send(self, request: rtc.SignalRequest) -> None:
        await self._socket.send_bytes(request.SerializeToString())

    async def _heard(self, said: rtc.SignalResponse) -> None:
        match said.WhichOneof("message"):
            case "join":
                self._met(said.join.other_participants)
            case "update":
                self._met(said.update.participants)
            case "answer":
                self._take_answer(said.answer.sdp)
            case "media_sections_requirement":
                wanted = said.media_sections_requirement
                for kind, count in (("audio", wanted.num_audios), ("video", wanted.num_videos)):
                    for _ in range(count):
                        self._sections.append(description.Section(str(len(self._sections)), "recvonly", kind=kind))
                await self._send(rtc.SignalRequest(offer=self._offer()))
            case "subscribed_quality_update" if self.dynacast:
                for one in said.subscribed_quality_update.subscribed_qualities:
                    if one.quality < len(self.pictures):
                        self.pictures[one.quality].wanted = one.enabled

    def _met(self, participants: list[models.ParticipantInfo]) -> None:
        for one in participants:
            number = int(one.identity.rpartition("-")[2])
            if number != self.number:
                self.of.update({track.sid: (number, track.name) for track in one.tracks})

    def _take_answer(self, sdp: str) -> None:
        self.described = {one.track: one for one in description.sent(sdp)}
        if self._remote is None:
            self._remote = description.parse(sdp)
            self._answered.set()

    def follows(self) -> list[str]:
        """The tracks to take, of those that are known: all sound, and 25 cameras."""
        seen = load.seen_by(self.number, self.people)
        return [sid for sid, (number, name) in self.of.items() if name == "microphone" or number in seen]

    def wanted(self) -> int:
        """How many those are once all are there."""
        return self.people - 1 + len(load.seen_by(self.number, self.people))

    async def follow(self) -> None:
        """Ask for them, the cameras small."""
        sids = self.follows()
        small = load.LAYERS[0]
        await self._send(rtc.SignalRequest(subscription=rtc.UpdateSubscription(track_sids=sids, subscribe=True)))
        setting = rtc.UpdateTrackSettings(
            track_sids=[sid for sid in sids if self.of[sid][1] == "camera"],
            width=small.width, height=small.height, quality=models.VideoQuality.LOW,
        )  # fmt: skip
        await self._send(rtc.SignalRequest(track_setting=setting))

    # --- media

    def control(self, data: bytes) -> bytes:
        """RTCP of the server's, opened and acted upon; empty where it cannot be opened."""
        try:
            plain: bytes = self.endpoint.dtls._rx_srtp.unprotect_rtcp(data)
        except pylibsrtp.Error:
            return b""
        for kind, form, body in rtcp.packets(plain):
            if kind == rtcp.PAYLOAD_FEEDBACK:
                for ssrc in rtcp.keyframe_targets(form, body):
                    self._begin_again(ssrc)
            elif kind == rtcp.TRANSPORT_FEEDBACK and form == rtcp.NACK and len(body) >= 8:
                source = int.from_bytes(body[4:8], "big")
                for stream in (self.microphone, *self.pictures):
                    if stream.ssrc == source:
                        for sequence in rtcp.lost_sequences(body):
                            stream.send_again(sequence)
        return plain

    def _begin_again(self, ssrc: int) -> None:
        for picture in self.pictures:
            if picture.ssrc == ssrc:
                self.asked_for += 1
                picture.keyframe = True

    async def leave(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await self._socket.close()
