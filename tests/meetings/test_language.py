"""A socket answers in the language that the browser's pages have."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from tests.meetings.doors import MeetingPage, a_room, browser, join
from tests.people import organization, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "sentence"), [("fr", "Cela ne peut pas être lu"), ("en", "This cannot be read")])
async def test_a_refusal_is_said_in_the_page_s_language(engines: None, language: str, sentence: str) -> None:
    client = await sync_to_async(lambda: browser(person(organization())))()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    entry = await sync_to_async(lambda: join(client, a_room(client)))()
    async with MeetingPage(client, entry) as page:
        await page.say(type="nonsense")
        assert sentence in (await page.told("error"))["message"]
