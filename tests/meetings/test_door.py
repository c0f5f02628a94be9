"""The meeting's socket: the lobby, the people, the chat, and whom a message may act upon."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache

from suite.accounts.models import SignIn
from suite.audit.models import Record
from suite.kernel import clock
from suite.meetings import door
from suite.meetings.models import Meeting, Participation, ParticipationState
from tests.meetings.doors import MeetingPage, browser, came, entered, post

pytestmark = pytest.mark.django_db(transaction=True)
Sync = sync_to_async(thread_sensitive=True)


async def test_a_guest_waits_hears_nothing_and_is_let_in(awa, slug):
    host, guest = await Sync(entered)(awa, slug), await Sync(entered)(None, slug, name="Odile")
    async with MeetingPage(*host) as hosts, MeetingPage(*guest) as guests:
        state = await guests.told("state")
        assert state["me"]["state"] == "waiting"
        assert (state["people"], state["messages"], state["transcription"]) == ([], [], None)
        told = await hosts.told("state")
        assert (told["me"]["user_id"], state["me"]["user_id"]) == (str(awa.user_id), None)
        assert [one["name"] for one in told["waiting"]] == ["Odile"]
        await guests.say(type="message", body="Je suis là", ref="1")
        refused = await guests.told("error")
        assert (refused["code"], refused["ref"]) == ("forbidden", "1")
        await guests.say(type="end_for_all")
        assert "ref" not in await guests.told("error")
        await hosts.say(type="message", body="Bonjour", ref="1")
        await hosts.told("message")
        await hosts.say(type="admit", participation_id=guest[1]["participation_id"])
        admitted = await guests.told("admitted")
        assert admitted["token"]
        assert [one["body"] for one in (await guests.told("state"))["messages"]] == ["Bonjour"]
        assert (await hosts.told("waiting"))["waiting"] == []


async def test_a_refused_guest_is_told_and_cannot_come_back_on_the_same_participation(awa, slug):
    host, guest = await Sync(entered)(awa, slug), await Sync(entered)(None, slug, name="Odile")
    async with MeetingPage(*host) as hosts, MeetingPage(*guest) as guests:
        await guests.told("state")
        await hosts.say(type="refuse", participation_id=guest[1]["participation_id"])
        await guests.told("entry_refused")
        assert await guests.closed() == 4403
    async with MeetingPage(*guest) as again:
        assert (await again.told("refused"))["code"] == "not_admitted"


@pytest.mark.parametrize("verb", ["admit", "refuse", "mute", "remove", "admit_all", "end_for_all", "transcription_start"])
async def test_a_guest_and_a_colleague_moderate_nothing(awa, bruno, slug, verb):
    host = await Sync(entered)(awa, slug)
    guest, colleague = await Sync(entered)(None, slug, name="Odile"), await Sync(entered)(bruno, slug)
    for client, entry in (guest, colleague):
        async with MeetingPage(client, entry) as page:
            await page.told("state")
            await page.say(type=verb, participation_id=host[1]["participation_id"])
            assert (await page.told("error"))["code"] == "forbidden"
    meeting = await Sync(Meeting.objects.get)(id=host[1]["meeting_id"])
    assert meeting.ended_at is None
    assert (await Sync(Participation.objects.get)(id=guest[1]["participation_id"])).state in {"waiting", "left"}


async def test_a_participation_opens_for_who_holds_it_only(awa, bruno, eva, slug):
    host = await Sync(entered)(awa, slug)
    guest = await Sync(entered)(None, slug, name="Odile")
    for other in (bruno, eva, None):
        for entry in (host[1], guest[1]):
            async with MeetingPage(await Sync(browser)(other), entry) as page:
                assert (await page.told("refused"))["code"] == "not_found"
                assert await page.closed() == 4404


async def test_people_come_and_go_as_the_media_server_says(awa, bruno, slug):
    host, other = await Sync(entered)(awa, slug), await Sync(entered)(bruno, slug)
    async with MeetingPage(*host) as page:
        assert (await page.told("state"))["people"] == []
        assert (await Sync(came)(other[1])).status_code == 204
        assert [one["name"] for one in (await page.told("people"))["people"]] == ["Bruno Martin"]
        await Sync(came)(other[1])  # told twice: nothing new
        await Sync(came)(other[1], "participant_left")
        assert (await page.told("people"))["people"] == []


async def test_nothing_is_said_after_the_close(awa, slug):
    client, entry = await Sync(entered)(awa, slug)
    async with MeetingPage(client, entry) as page:
        await page.told("state")
        await Participation.objects.filter(id=entry["participation_id"]).aupdate(state=ParticipationState.REMOVED)
        for _ping in range(3):  # as often as a page does until it hears of the close
            await page.say(type="ping")
        assert await page.closed() == 4403
        assert await page.socket.receive_nothing(timeout=1)


async def test_a_page_that_asks_for_nothing_hears_nothing_after_its_session(awa, bruno, slug):
    host, other = await Sync(entered)(awa, slug), await Sync(entered)(bruno, slug)
    async with MeetingPage(*host) as hosts, MeetingPage(*other) as silent:
        await silent.told("state")
        await SignIn.objects.filter(user_id=bruno.user_id).aupdate(signed_in_at=clock.now() - timedelta(days=1))
        await hosts.say(type="message", body="Entre nous", ref="1")
        await hosts.told("message")
        assert await silent.socket.receive_nothing(timeout=1)
        await silent.say(type="ping")
        assert await silent.closed() == 4404


async def test_a_stranger_cannot_flood_the_door_and_its_log(awa, bruno, slug, monkeypatch):
    monkeypatch.setattr(door, "KNOCKS_A_MINUTE", 3)
    monkeypatch.setattr("suite.kernel.limits.minute_of", lambda _now: 7)  # a minute that does not turn meanwhile
    guest = await Sync(entered)(None, slug, name="Odile")
    async with MeetingPage(*guest) as page:
        for name in ("Odette", "Odilon", "Odalie"):
            await page.say(type="rename", name=name)
        assert (await page.told("error"))["code"] == "too_many"
    refused = await Sync(post)(browser(), f"/api/rooms/{slug}/join/", name="Paul")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    asked = Record.objects.filter(action__in=["meetings.participant.asked", "meetings.participant.renamed"])
    assert await asked.acount() == 3
    await Sync(entered)(bruno, slug)  # whoever has an account is known by it


async def test_whoever_was_removed_stays_out_with_every_device_and_the_next_meeting_is_open_again(awa, bruno, slug):
    host, desk, phone = [await Sync(entered)(one, slug) for one in (awa, bruno, bruno)]
    guest = await Sync(entered)(None, slug, name="Odile")
    pages = (MeetingPage(*one) for one in (host, desk, phone, guest))
    async with AsyncExitStack() as stack:
        hosts, desks, phones, guests = [await stack.enter_async_context(page) for page in pages]
        for page in (hosts, desks, phones, guests):
            await page.told("state")
        await hosts.say(type="admit", participation_id=guest[1]["participation_id"])
        await guests.told("admitted")
        for page, (_client, entry) in ((desks, desk), (guests, guest)):
            await hosts.say(type="remove", participation_id=entry["participation_id"])
            await page.told("removed")
        await phones.told("removed")
        removals = Record.objects.filter(context=desk[1]["meeting_id"], action="meetings.participant.removed").order_by("id")
        assert [(one.target_label, one.details["devices"]) async for one in removals] == [
            ("Bruno Martin", [desk[1]["participation_id"], phone[1]["participation_id"]]),
            ("Odile", [guest[1]["participation_id"]]),
        ]
        for client, name in ((desk[0], ""), (phone[0], ""), (guest[0], "Paul")):
            answer = await Sync(post)(client, f"/api/rooms/{slug}/join/", name=name)
            assert (answer.status_code, answer.json()["code"]) == (403, "removed")
            assert (await Sync(client.get)(f"/api/rooms/{slug}/")).json()["removed"]
        assert not (await Sync(host[0].get)(f"/api/rooms/{slug}/")).json()["removed"]
        await hosts.say(type="end_for_all")
        await hosts.told("ended")
    async with MeetingPage(*await Sync(entered)(bruno, slug)) as again:
        assert (await again.told("state"))["me"]["state"] == "admitted"


async def test_a_host_takes_out_another_device_of_their_own_and_may_come_back(awa, slug):
    host, other = await Sync(entered)(awa, slug), await Sync(entered)(awa, slug)
    async with MeetingPage(*host) as hosts, MeetingPage(*other) as others:
        await hosts.told("state")
        await others.told("state")
        await hosts.say(type="remove", participation_id=other[1]["participation_id"])
        await others.told("removed")
        await hosts.say(type="message", body="Toujours là", ref="1")
        await hosts.told("message")
    async with MeetingPage(*await Sync(entered)(awa, slug)) as again:
        assert (await again.told("state"))["me"]["can_moderate"]


GARBAGE = [
    "",
    "[]",
    "nonsense",
    '{"type": 1}',
    '{"type": "admit"',
    '{"a": NaN}',
    '{"type": "message"}',
    '{"type": "message", "body": 7, "ref": "1"}',
    '{"type": "mute", "participation_id": "x"}',
    "x" * 70_000,
]


@pytest.mark.parametrize("frame", GARBAGE)
async def test_garbage_is_answered_and_disturbs_nobody(awa, slug, frame):
    host = await Sync(entered)(awa, slug)
    async with MeetingPage(*host) as page:
        await page.told("state")
        await page.write(frame)
        assert (await page.told("error"))["code"] in {"bad_input", "too_large", "not_found"}
        await page.say(type="message", body="Toujours là", ref="2")
        assert (await page.told("message"))["message"]["body"] == "Toujours là"


async def test_ended_for_all_ends_for_all(awa, bruno, slug):
    host, other = await Sync(entered)(awa, slug), await Sync(entered)(bruno, slug)
    async with MeetingPage(*host) as hosts, MeetingPage(*other) as others:
        await hosts.told("state")
        await others.told("state")
        await hosts.say(type="end_for_all")
        await others.told("ended")
        assert await others.closed() == 1000
    assert (await Sync(Meeting.objects.get)(id=host[1]["meeting_id"])).ended_at is not None
    async with MeetingPage(*other) as again:
        assert (await again.told("refused"))["code"] == "meeting_ended"


async def test_a_guest_who_loses_the_line_keeps_the_place_and_learns_that_the_door_opened(awa, slug):
    host, guest = await Sync(entered)(awa, slug), await Sync(entered)(None, slug, name="Odile")
    async with MeetingPage(*host) as hosts:
        async with MeetingPage(*guest) as guests:
            await guests.told("state")
        assert [one["name"] for one in (await hosts.told("state"))["waiting"]] == ["Odile"]
        async with MeetingPage(*guest) as back:
            assert (await back.told("state"))["me"]["state"] == "waiting"
        await hosts.say(type="admit", participation_id=guest[1]["participation_id"])
        await hosts.told("waiting")
        async with MeetingPage(*guest) as late:
            assert (await late.told("admitted"))["token"]


async def test_who_has_gone_from_the_door_is_seen_off_after_a_moment(awa, slug):
    host, guest = await Sync(entered)(awa, slug), await Sync(entered)(None, slug, name="Odile")
    later = clock.now() + door.GRACE + timedelta(seconds=1)
    mine = guest[1]["participation_id"]

    async def state() -> str:
        return str((await Sync(Participation.objects.get)(id=mine)).state)

    async with MeetingPage(*host) as hosts:
        async with MeetingPage(*guest) as guests:
            await guests.told("state")
            for passed in (0, 30, 60):  # as long as the page is open
                await Sync(door.see_off)(now=later + timedelta(seconds=passed))
            assert await state() == "waiting"
        await Sync(cache.delete)(f"meetings.at_door.{mine}")  # the last word is forgotten
        for passed, expected in ((0, "waiting"), (19, "waiting"), (21, "left")):
            await Sync(door.see_off)(now=later + timedelta(seconds=passed))
            assert await state() == expected
        assert (await hosts.told("waiting"))["waiting"] == []
