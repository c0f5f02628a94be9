"""Somebody is let go: their sockets, their call and their next request, within five seconds; and none of their tokens again."""

from __future__ import annotations

import asyncio
import re
import signal
import time

import aiohttp
import jwt
import pytest
import redis
from celery import Celery
from livekit import rtc
from livekit.protocol import rtc as signalling

from suite.runtime.engines import addresses
from suite.runtime.kept import keep_secrets
from tests.journeys.browser import chromium, signed_in
from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import Staff, until
from tests.protocol.test_hostile import closed, wrapped
from tests.sounds import clip

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]
HOUSE = {"speech": False, "environment": {"SPEECH": "1"}}  # transcriptions may be asked for; nobody works them off
PROMISED_SECONDS = 5.0
TOKEN_SECONDS = 300
SIGNED_OUT = 4401
REMOVED = 4403


@pytest.mark.parametrize(("name", "queued"), [("Bruno Martin", 0), ("Farid Benali", 200)])
async def test_who_is_let_go_is_out_within_five_seconds(house: House, staff: Come, name: str, queued: int) -> None:
    awa, claire, gone = await staff("Awa Diallo"), await staff("Claire Petit"), await staff(name)
    slug = await awa.start_room()
    await awa.join(slug)
    await awa.connect()
    awa.keep_talking(await awa.open_microphone(), clip("cold_corpus"))
    await gone.join(slug)
    await gone.connect()
    tokens = [gone.entry["token"], *await tokens_of_one_more_device(gone, slug)]
    document = await (await gone.post("/api/documents/", {"title": "Note"})).json()
    sockets = {
        "meeting": gone.socket,
        "chat": await gone.open_socket("/ws/chat/"),
        "document": await gone.open_socket(f"/ws/documents/{document['id']}/"),
    }
    async with chromium() as browser:
        at_desk = await signed_in(browser, house.url, name)
        await at_desk.enter(house.url, slug)
        await at_desk.hears()
        await at_desk.watch_packets()
        await until(lambda: hears(gone), seconds=20, what=f"{name}'s SDK hears Awa")
        await fill_speech_queue(house, queued)
        waiting = {kind: asyncio.create_task(closing(socket)) for kind, socket in sockets.items() if kind != "meeting"}
        refusal = asyncio.create_task(first_refusal(gone))
        clicked = time.time()
        await let_go(house, claire, name)
        figures = {"request refused": await refusal - clicked}
        for kind, task in waiting.items():
            code, at = await task
            assert code == SIGNED_OUT, kind
            figures[f"{kind} socket closed"] = at - clicked
        told = await gone.told(lambda message: message["type"] == "closed")
        assert told["code"] in {SIGNED_OUT, REMOVED}
        await at_desk.page.get_by_text(re.compile("Votre session a pris fin|retiré de la réunion")).first.wait_for()
        await asyncio.sleep(max(1.5, PROMISED_SECONDS + 0.5 - (time.time() - clicked)))
        figures["last packet, Chromium"] = await at_desk.last_packet_at() - clicked
        figures["last sound, SDK"] = gone.heard_at - clicked
    assert awa.room is not None
    assert awa.room.isconnected()
    for what, seconds in figures.items():
        print(f"{name}, {queued} tasks of speech before: {what} after {seconds:.2f} s")
    assert max(figures.values()) < PROMISED_SECONDS, figures
    for token in tokens:
        await is_refused(house, token)
    await after_the_media_server_forgot(house, tokens)
    await after_the_meeting(house, awa, tokens)


async def after_the_media_server_forgot(house: House, tokens: list[str]) -> None:
    """A media worker that died has forgotten whom it refused: signalling, which stands before it, has not."""
    before = house.restarts("media-0")
    house.kill("media-0")
    await house.again("media-0", after=before, seconds=20)
    for token in tokens:
        await until(lambda token=token: is_shut_out(house, token), seconds=PROMISED_SECONDS, what="the token is refused again")


async def after_the_meeting(house: House, awa: Staff, tokens: list[str]) -> None:
    """A meeting that has ended stays so: a token of it opens nothing, and a room made again refuses whom it refused."""
    hers = awa.entry["token"]
    await awa.say(type="end_for_all")
    await awa.told(lambda message: message["type"] == "ended")
    await until(lambda: is_shut_out(house, hers), seconds=PROMISED_SECONDS, what="a meeting that ended cannot be joined")
    for token in tokens:
        await is_refused(house, token)


async def test_a_media_server_that_hangs_keeps_no_session_alive(house: House, staff: Come) -> None:
    awa, claire, julien = await staff("Awa Diallo"), await staff("Claire Petit"), await staff("Julien Nguyen")
    slug = await awa.start_room()
    await awa.join(slug)
    await julien.join(slug)
    chat = await julien.open_socket("/ws/chat/")
    house.kill("media-0", number=signal.SIGSTOP)
    try:
        for _ in range(8):  # each waits for the media server, and each comes first
            await awa.say(type="mute", participation_id=awa.entry["participation_id"])
        await awa.say(type="ping")
        await awa.told(lambda message: message["type"] == "pong")
        waiting, refusal = asyncio.create_task(closing(chat)), asyncio.create_task(first_refusal(julien))
        clicked = time.time()
        await let_go(house, claire, "Julien Nguyen")
        code, at = await waiting
        print(f"behind a media server that hangs: socket closed after {at - clicked:.2f} s, "
              f"request refused after {await refusal - clicked:.2f} s")  # fmt: skip
        assert code == SIGNED_OUT
        assert max(at, await refusal) - clicked < PROMISED_SECONDS
    finally:
        house.kill("media-0", number=signal.SIGCONT)


async def test_who_is_taken_out_of_a_meeting_cannot_come_back_with_the_same_token(house: House, staff: Come) -> None:
    awa, helene = await staff("Awa Diallo"), await staff("Hélène Caron")
    slug = await awa.start_room()
    await awa.join(slug)
    await helene.join(slug)
    tokens = [helene.entry["token"], *await tokens_of_one_more_device(helene, slug)]
    await awa.say(type="remove", participation_id=helene.entry["participation_id"])
    await helene.told(lambda message: message["type"] == "removed")
    for token in tokens:  # of every device of hers
        await until(lambda token=token: is_shut_out(house, token), seconds=PROMISED_SECONDS, what="her token is refused")
        await is_refused(house, token)
    for token in await tokens_of_one_more_device(awa, slug):
        assert await status(house, "/rtc", token) == 101  # nobody else was taken out


async def test_a_token_lives_five_minutes(house: House, staff: Come) -> None:
    awa = await staff("Awa Diallo")
    token = (await awa.enter(await awa.start_room()))["token"]
    said = jwt.decode(token, options={"verify_signature": False})
    assert said["exp"] - said["nbf"] <= TOKEN_SECONDS
    assert await status(house, "/rtc", token) == 101
    past = {**said, "nbf": said["nbf"] - 3600, "exp": int(time.time()) - 75}
    await is_refused(house, jwt.encode(past, keep_secrets(house.var).livekit_secret, algorithm="HS256"))


async def let_go(house: House, claire: Staff, name: str) -> None:
    """What the HR administrator's page posts."""
    given, usual = name.split(" ", 1)
    found = await house.ask(f"select id from accounts_user where given_name = '{given}' and usual_name = '{usual}'")
    address = f"{house.url}/people/{found[0][0]}/deactivate/"
    html = await (await claire.http.get(address, headers={"Accept": "text/html"})).text()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    assert token is not None
    headers = {"Referer": address, "Origin": house.url}
    form = {"csrfmiddlewaretoken": token[1]}
    async with claire.http.post(address, data=form, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()


async def first_refusal(one: Staff) -> float:
    """When a request was first refused, by the wall's clock."""
    while True:
        async with one.http.get(f"{one.url}/api/documents/", headers={"Accept": "application/json"}) as answer:
            if answer.status == 401:
                return time.time()
        await asyncio.sleep(0.05)


async def closing(socket: aiohttp.ClientWebSocketResponse) -> tuple[int | None, float]:
    code = await closed(socket, 20)
    return code, time.time()


async def hears(one: Staff) -> bool:
    return sum(one.heard_frames.values()) > 20


async def tokens_of_one_more_device(one: Staff, slug: str) -> list[str]:
    """The token of one more device, and those that the media server hands to it to come back with."""
    token = (await one.enter(slug))["token"]
    socket = await one.http.ws_connect(f"{one.url}/rtc", params={"access_token": token}, max_msg_size=0)
    handed: list[str] = []
    async with asyncio.timeout(10):
        while not handed:
            message = signalling.SignalResponse.FromString((await socket.receive()).data)
            handed += [message.refresh_token] if message.refresh_token else []
    return [token, *handed]


async def fill_speech_queue(house: House, tasks: int) -> None:
    """Put `tasks` transcriptions before whatever comes."""

    def put() -> None:
        valkey = addresses(house.var)["VALKEY_URL"]
        with Celery("tests", broker=valkey.replace("unix://", "redis+socket://", 1)) as app:
            app.conf.broker_transport_options = {"global_keyprefix": "suite.celery."}
            for _ in range(tasks):
                work = "01890000-0000-7000-8000-000000000000"
                app.send_task("suite.transcripts.tasks.transcribe_track", args=[work], queue="speech")
        with redis.Redis.from_url(valkey) as asked:
            assert asked.llen("suite.celery.speech") == tasks

    await asyncio.to_thread(put)


async def status(house: House, path: str, token: str) -> int:
    """What the handshake answers: 101 where it lets in."""
    params = {"access_token": token, "join_request": wrapped()}
    async with aiohttp.ClientSession() as http:
        try:
            async with http.ws_connect(f"{house.url}{path}", params=params, max_msg_size=0):
                return 101
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status


async def is_shut_out(house: House, token: str) -> bool:
    return await status(house, "/rtc", token) == 401


async def is_refused(house: House, token: str) -> None:
    """At every door: both forms of signalling, the question before them, and the SDK."""
    assert [await status(house, path, token) for path in ("/rtc", "/rtc/v1")] == [401, 401]
    question = f"{house.url}/rtc/validate"
    async with aiohttp.ClientSession() as http, http.get(question, params={"access_token": token}) as answer:
        assert answer.status == 401
    with pytest.raises(rtc.ConnectError, match=r"401|Unauthorized|revoked|expired"):
        await rtc.Room().connect(house.url.replace("http", "ws", 1), token)
