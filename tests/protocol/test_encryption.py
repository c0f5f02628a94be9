"""Frames and messages that pages encrypt (livekit-client's own encryption): who has the key decodes them, nobody else."""

from __future__ import annotations

import base64
import functools
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from tests.protocol.conftest import Server
from tests.protocol.streams import rising, shown, streams
from tests.protocol.test_browser import Tab, browser, pages, pytestmark, single, tab

__all__ = ["browser", "pages", "pytestmark", "single", "tab"]  # fixtures and marks of the browsers' tests

KEY, WRONG = "a key that the server never gets", "another key"
PAIRS = {"b<-a/camera", "b<-a/microphone", "a<-b/camera", "a<-b/microphone"}
WRITE = """() => room.localParticipant.publishData(new TextEncoder().encode("hidden words"), { reliable: true })"""
READ = """() => {
  window.texts = [];
  room.on("dataReceived", (payload) => texts.push(new TextDecoder().decode(payload)));
}"""
# What comes before any decoder, in base64: what the server sends, and thus all that it could have read.
TAP = """() => {
  const source = `onrtctransform = ({ transformer: { readable, writable, options } }) => {
    const transform = (frame, out) => {
      postMessage([options.kind, frame.data.slice(0)]);
      out.enqueue(frame);
    };
    readable.pipeThrough(new TransformStream({ transform })).pipeTo(writable);
  }`;
  window.tapped = { audio: [], video: [] };
  room.on("trackSubscribed", (track) => {
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    worker.onmessage = ({ data: [kind, frame] }) => {
      if (tapped[kind].length < 30) tapped[kind].push(btoa(String.fromCharCode(...new Uint8Array(frame))));
    };
    track.receiver.transform = new RTCRtpScriptTransform(worker, { kind: track.kind });
  });
}"""
# livekit-client's worker: PBKDF2, then AES-GCM; the first bytes of a frame stay readable, the last two name lengths.
SALT, ROUNDS, KEY_BYTES = b"LKFrameEncryptionKey", 100_000, 16


@functools.cache
def derived(key: str) -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), KEY_BYTES, SALT, ROUNDS).derive(key.encode())


def opened(frame: bytes, key: str, *, kind: str) -> bytes:
    """A frame's plain content; raises `InvalidTag` where the key is not its own, or one byte has changed."""
    readable = 1 if kind == "audio" else 3 if frame[0] & 1 else 10  # RFC 6386, 9.1: the lowest bit is 0 in a keyframe
    end = len(frame) - 2 - frame[-2]
    return AESGCM(derived(key)).decrypt(frame[end:-2], frame[readable:end], frame[:readable])


async def test_frames_pass_unread_to_who_has_the_key(tab: Tab, server: Server, room: str, single: bool) -> None:
    tabs = {name: await tab(name, single=single, key=KEY) for name in "ab"}
    tabs["c"] = await tab("c", single=single, key=WRONG)
    for page in tabs.values():
        await page.evaluate(READ)
    for name in "ab":
        await tabs[name].evaluate("publish()")
    await rising(tabs, PAIRS, seconds=2)
    with_wrong = {pair: stream for pair, stream in (await streams(tabs)).items() if pair.startswith("c<-")}
    assert with_wrong.keys() == {f"c<-{name}/{kind}" for name in "ab" for kind in ("camera", "microphone")}
    assert all(stream["packets"] > 20 for stream in with_wrong.values()), with_wrong
    assert all(stream["decoded"] == 0 for pair, stream in with_wrong.items() if pair.endswith("camera")), with_wrong
    assert all(stream["energy"] == 0 for pair, stream in with_wrong.items() if pair.endswith("microphone")), with_wrong
    await tabs["a"].evaluate(WRITE)
    await shown(tabs["b"], "texts.includes('hidden words')")
    assert await tabs["c"].evaluate("texts") == []
    listed: dict[str, Any] = await server.call("ListParticipants", room=room)
    tracks = [track for who in listed["participants"] for track in who.get("tracks", [])]
    assert [track.get("encryption") for track in tracks] == ["GCM"] * 4


async def test_what_the_server_sends_is_what_the_publisher_sealed(tab: Tab) -> None:
    outsider = await tab("outsider", single=True, rtcConfig={"encodedInsertableStreams": True})
    await outsider.evaluate(TAP)
    writer = await tab("writer", single=False, key=KEY)
    await writer.evaluate("publish()")
    tapped = await shown(outsider, "tapped.audio.length === 30 && tapped.video.length === 30 && tapped")
    for kind, frames in tapped.items():
        for text in frames:
            frame = base64.b64decode(text)
            plain = opened(frame, KEY, kind=kind)
            assert len(plain) < 4 or plain not in frame
            with pytest.raises(InvalidTag):
                opened(frame, WRONG, kind=kind)
