"""What is read in a meeting's chat is read in Messages: by people with an account, in their own meeting."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async

from suite.audit.models import Record
from suite.chat.models import ReadMark
from suite.kernel import clock
from suite.meetings.models import Meeting
from suite.resources.public import access_revoke
from tests.chat.conftest import unread_by
from tests.meetings.doors import MeetingPage, a_room, browser, entered

pytestmark = pytest.mark.django_db(transaction=True)
Sync = database_sync_to_async  # closes the connection that it took


async def written(page: MeetingPage, *bodies: str) -> list[str]:
    """What `page` wrote, as ids."""
    ids = []
    for body in bodies:
        await page.say(type="message", body=body, ref=body)
        ids.append((await page.told("message"))["message"]["id"])
    return ids


async def done(page: MeetingPage) -> None:
    """All that was said before is acted upon: messages are taken one after the other."""
    await page.say(type="ping")
    await page.told("pong")


async def test_what_is_read_in_the_meeting_is_not_unread_in_messages(awa, bruno, slug):
    host, other = await Sync(entered)(awa, slug), await Sync(entered)(bruno, slug)
    async with MeetingPage(*host) as hosts, MeetingPage(*other) as others:
        first, second, third = await written(hosts, "un", "deux", "trois")
        assert await Sync(unread_by)(bruno) == 3
        for message_id, left in ((second, 1), (first, 1), (third, 0)):  # a mark never goes back
            await others.say(type="read", message_id=message_id, ref=message_id)
            await done(others)
            assert await Sync(unread_by)(bruno) == left
    assert await Sync(Record.objects.filter(action="chat.channel.read").count)() == 1


async def test_a_guest_s_reading_is_kept_nowhere(awa, slug):
    host, guest = await Sync(entered)(awa, slug), await Sync(entered)(None, slug, name="Odile")
    async with MeetingPage(*host) as hosts, MeetingPage(*guest) as guests:
        (message_id,) = await written(hosts, "un")
        await guests.say(type="read", message_id=message_id, ref="1")
        assert (await guests.told("error"))["code"] == "forbidden"  # who waits reads nothing
        await hosts.say(type="admit", participation_id=guest[1]["participation_id"])
        await guests.told("admitted")
        await guests.say(type="read", message_id=message_id, ref="2")
        await done(guests)
    assert not await Sync(ReadMark.objects.exists)()


async def test_one_reads_in_one_s_own_meeting_only(awa, bruno, eva, slug):
    host, other = await Sync(entered)(awa, slug), await Sync(entered)(bruno, slug)
    elsewhere = await Sync(lambda: entered(bruno, a_room(browser(bruno), "Ailleurs")))()
    waiting = await Sync(entered)(eva, slug)
    async with MeetingPage(*host) as hosts, MeetingPage(*elsewhere) as others, MeetingPage(*waiting) as visitors:
        (message_id,) = await written(hosts, "un")
        for page, code in ((others, "not_found"), (visitors, "forbidden")):
            await page.say(type="read", message_id=message_id, ref=message_id)
            refused = await page.told("error")
            assert (refused["code"], refused["ref"]) == (code, message_id)
        for wrong in (None, 7, "x"):
            await others.say(type="read", message_id=wrong, ref="r")
            assert (await others.told("error"))["code"] == "bad_input"
    meeting = await Sync(Meeting.objects.select_related("channel__resource").get)(id=other[1]["meeting_id"])
    access = await Sync(meeting.channel.resource.accesses.get)(user_id=bruno.user_id)
    await Sync(access_revoke)(access=access, actor=awa.ref, now=clock.now())
    async with MeetingPage(*other) as others:
        await others.say(type="read", message_id=message_id, ref=message_id)
        assert (await others.told("error"))["code"] == "not_found"
    assert not await Sync(ReadMark.objects.exists)()
