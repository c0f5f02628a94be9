"""Channels, and the people in them."""

from __future__ import annotations

import uuid

import pytest

from suite.accounts.models import Organization
from suite.accounts.viewer import Viewer
from suite.chat.author import Author
from suite.chat.models import Channel, Message
from suite.chat.selectors import list_channels
from suite.chat.services import channel_create, message_post
from suite.kernel import clock
from tests.people import organization, person


@pytest.fixture
def house(db: None) -> Organization:
    return organization()


@pytest.fixture
def awa(house: Organization) -> Viewer:
    return person(house)


@pytest.fixture
def bruno(house: Organization) -> Viewer:
    return person(house, "Bruno", "Petit")


@pytest.fixture
def stranger(db: None) -> Viewer:
    return person(organization("Ailleurs"), "Zoé", "Martin")


def a_channel(owner: Viewer, *members: Viewer, title: str = "Budget") -> Channel:
    return channel_create(
        organization_id=owner.organization_id,
        title=title,
        kind="channel",
        owner_id=owner.user_id,
        actor=owner.ref,
        now=clock.now(),
        colleagues=[member.user_id for member in members],
    )


def write(channel: Channel, viewer: Viewer, body: str, ref: str | None = None) -> Message:
    return message_post(channel=channel, author=Author.of(viewer), body=body, ref=ref or uuid.uuid4().hex, now=clock.now())


def unread_by(viewer: Viewer) -> int:
    """How many messages wait for them, in all channels."""
    return sum(line.unread for line in list_channels(viewer=viewer))
