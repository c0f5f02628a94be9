"""How the services of chat are called."""

from __future__ import annotations

from collections.abc import Callable

from suite.accounts.models import Organization
from suite.accounts.viewer import Viewer
from suite.chat.author import Author
from suite.chat.models import Channel, ChannelKind
from suite.chat.services import channels, messages
from suite.kernel import clock
from suite.kernel.ids import uuid7
from tests import people
from tests.audit.worlds import purged

Call = Callable[[], object]


def _world() -> tuple[Viewer, Channel, Viewer]:
    viewer = people.person(people.organization())
    channel = channels.channel_create(organization_id=viewer.organization_id, title="Général", kind=ChannelKind.CHANNEL,
                                      owner_id=viewer.user_id, actor=viewer.ref, now=clock.now())  # fmt: skip
    return viewer, channel, people.person(Organization.objects.get(id=viewer.organization_id), "Bruno")


def _create() -> Call:
    viewer = people.person(people.organization())
    return lambda: channels.channel_create(organization_id=viewer.organization_id, title="Général", kind=ChannelKind.CHANNEL,
                                           owner_id=viewer.user_id, actor=viewer.ref, now=clock.now())  # fmt: skip


def _member() -> Call:
    viewer, channel, bruno = _world()
    return lambda: channels.member_add(channel=channel, user_id=bruno.user_id, actor=viewer.ref, now=clock.now())


def _colleague() -> Call:
    viewer, channel, bruno = _world()
    return lambda: channels.colleague_add(channel=channel, user_id=bruno.user_id, viewer=viewer, now=clock.now())


def _direct() -> Call:
    viewer, _channel, bruno = _world()
    return lambda: channels.direct_channel_open(viewer=viewer, user_id=bruno.user_id, now=clock.now())


def _post() -> Call:
    viewer, channel, _bruno = _world()
    return lambda: messages.message_post(channel=channel, author=Author.of(viewer), body="Bonjour", ref="1", now=clock.now())


def _read() -> Call:
    viewer, channel, _bruno = _world()
    message = messages.message_post(channel=channel, author=Author.of(viewer), body="Bonjour", ref="1", now=clock.now())
    return lambda: messages.channel_mark_read(channel=channel, viewer=viewer, message_id=message.id, now=clock.now())


def _erase() -> Call:
    viewer, channel, _bruno = _world()
    messages.message_post(channel=channel, author=Author.of(viewer), body="Bonjour", ref="1", now=clock.now())
    purged(channel.resource, viewer)
    return lambda: channels.channel_erase(channel_id=channel.pk, now=clock.now())


CALLS: dict[str, Callable[[], Call]] = {
    "channels.channel_create": _create,
    "channels.member_add": _member,
    "channels.colleague_add": _colleague,
    "channels.direct_channel_open": _direct,
    "channels.channel_erase": _erase,
    "messages.message_post": _post,
    "messages.channel_mark_read": _read,
}
READS: dict[str, tuple[str, Callable[[], Call]]] = {
    "channels.person_group": ("names a group", lambda: lambda: channels.person_group(uuid7())),
    "channels.channel_group": ("names a group", lambda: lambda: channels.channel_group(uuid7())),
    "messages.clean_body": ("cleans a text", lambda: lambda: messages.clean_body("Bonjour")),
}
