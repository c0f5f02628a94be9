"""A meeting's chat bears the room's name; when the meeting began is told apart, for each reader's own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps

from suite.chat.models import Channel
from suite.chat.payloads import line_payload
from suite.chat.selectors import list_channels
from suite.meetings.services.meetings import meeting_open
from suite.meetings.services.rooms import room_create
from suite.resources.models import Resource
from tests.people import organization, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def awa():
    """Somebody in a meeting, and so in its chat."""
    began = datetime(2025, 7, 14, 21, 30, tzinfo=UTC)
    viewer = person(organization())
    room = room_create(viewer=viewer, title="Budget", now=began)
    meeting_open(room=room, actor=viewer.ref, now=began)
    return viewer


def test_a_chat_bears_the_rooms_name_and_says_when_the_meeting_began(awa):
    (line,) = list_channels(viewer=awa)
    told = line_payload(line)
    assert (told["title"], told["began_at"]) == ("Budget", "2025-07-14T21:30:00+00:00")


def test_a_name_that_carried_the_servers_hour_is_the_rooms_again():
    chat = Channel.objects.get().pk
    rename = import_module("suite.meetings.migrations.0005_chats_bear_the_rooms_name").name
    for kept, becomes in [("Budget, 14/07/2025 23:30", "Budget"), ("Budget, suite", "Budget, suite"), ("Budgets", "Budgets")]:
        Resource.objects.filter(pk=chat).update(title=kept)
        rename(apps, None)
        assert Resource.objects.get(pk=chat).title == becomes
