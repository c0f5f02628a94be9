"""Webhooks: LiveKit's own receiver accepts them; order holds for each room; a receiver that is away gets them later."""

from __future__ import annotations

import asyncio
import time

import jwt
import pytest
from google.protobuf.json_format import MessageToJson
from livekit import api
from livekit.protocol import models
from livekit.protocol.webhook import WebhookEvent

from suite.rtc.webhooks import WebhookSender, signature
from tests.rtc.peer import until
from tests.rtc.receiver import KEY, SECRET, Receiver


def event(name: str, *, room: str = "r") -> WebhookEvent:
    return WebhookEvent(event=name, room=models.Room(name=room), id=f"EV_{name}", created_at=1)


async def test_livekits_receiver_accepts_and_order_holds() -> None:
    async with Receiver(refuse=2) as receiver:
        sender = WebhookSender([receiver.url], KEY, SECRET)
        names = [f"event-{number}" for number in range(20)]
        taken = [sender.send(event(name)) for name in names]
        assert all([await one for one in taken])
        assert [one.event for one in receiver.events] == names
        await sender.close()


async def test_a_room_does_not_wait_for_another() -> None:
    async with Receiver(away="a") as receiver:
        sender = WebhookSender([receiver.url], KEY, SECRET)
        waiting = sender.send(event("never", room="a"))
        await until(lambda: receiver.asked)
        async with asyncio.timeout(10):
            await sender.send(event("now", room="b"))
        assert [one.event for one in receiver.events] == ["now"]
        await sender.close(within=0.1)
        assert waiting.done()
        assert not waiting.result()


async def test_a_receiver_that_ended_first_holds_up_nobody() -> None:
    sender = WebhookSender(["http://127.0.0.1:9/"], KEY, SECRET)
    waiting = sender.send(event("room_finished"))
    began = time.monotonic()
    await sender.close(within=20)
    assert not waiting.result()
    assert time.monotonic() - began < 10


async def test_what_does_not_fit_is_dropped_from_the_front_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suite.rtc.webhooks.WAITING_MOST", 3)
    async with Receiver(refuse=1) as receiver:
        sender = WebhookSender([receiver.url], KEY, SECRET)
        taken = [sender.send(event(str(number))) for number in range(6)]
        assert [await one for one in taken] == [False] * 3 + [True] * 3
        assert [(one.event, one.num_dropped) for one in receiver.events] == [("3", 3), ("4", 0), ("5", 0)]
        await sender.close()


def test_livekits_receiver_refuses_a_changed_body_and_another_secret() -> None:
    body = MessageToJson(event("room_started"))
    signed = signature(body.encode(), api_key=KEY, api_secret=SECRET, now=time.time())
    assert api.WebhookReceiver(api.TokenVerifier(KEY, SECRET)).receive(body, signed).event == "room_started"
    with pytest.raises(Exception, match="hash mismatch"):
        api.WebhookReceiver(api.TokenVerifier(KEY, SECRET)).receive(body.replace("started", "startet"), signed)
    with pytest.raises(jwt.InvalidSignatureError):
        api.WebhookReceiver(api.TokenVerifier(KEY, "another" + SECRET)).receive(body, signed)


def test_a_signature_is_good_for_five_minutes() -> None:
    claims = jwt.decode(signature(b"body", api_key=KEY, api_secret=SECRET, now=1e10), options={"verify_signature": False})
    assert (claims["iss"], claims["nbf"], claims["exp"]) == (KEY, 10**10, 10**10 + 300)
