"""Reading channels and messages; each takes the viewer, or says in its name who has checked the right."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Coalesce

from suite.accounts.public import Viewer
from suite.chat.access import READ, access_channel
from suite.chat.lines import ChannelLine
from suite.chat.models import Channel, ChannelKind, Message, ReadMark
from suite.resources.public import Access, favourite_ids, readable_by

PAGE = 50
BEFORE_ALL = uuid.UUID(int=0)


def list_messages(
    *, viewer: Viewer, channel_id: uuid.UUID, before: uuid.UUID | None = None, limit: int = PAGE
) -> list[Message]:
    """The newest `limit` messages before `before`, oldest first; raises `NotFound` where the channel is not the viewer's."""
    channel = access_channel(viewer=viewer, id=channel_id, need=READ)
    return list_messages_for_participants(channel_id=channel.pk, before=before, limit=limit)


def list_messages_for_participants(
    *, channel_id: uuid.UUID, before: uuid.UUID | None = None, limit: int = PAGE
) -> list[Message]:  # fmt: skip
    """As `list_messages`, for a caller that has checked a participation instead of a viewer: **it checks no right**."""
    messages = Message.objects.filter(channel_id=channel_id, deleted_at=None)
    if before is not None:
        messages = messages.filter(id__lt=before)
    return list(reversed(messages.order_by("-id")[:limit]))


def list_channels(*, viewer: Viewer) -> list[ChannelLine]:
    """The viewer's channels, the latest written first, each with its unread count."""
    channels = list(
        _of(viewer)
        .annotate(unread=Coalesce(Subquery(_unread(viewer)), Value(0)))
        .order_by(F("last_message_at").desc(nulls_last=True), "-resource_id")
    )
    return _lines(viewer, channels)


def get_channel_line(*, viewer: Viewer, channel: Channel) -> ChannelLine:
    """One channel as the list shows it; the caller has checked the right."""
    found = Channel.objects.select_related("resource").annotate(unread=Coalesce(Subquery(_unread(viewer)), Value(0)))
    return _lines(viewer, [found.get(pk=channel.pk)])[0]


def list_people(*, channel: Channel) -> list[tuple[uuid.UUID, str, str]]:
    """`(user_id, name, role)` of each person with an access of their own; the caller has checked the right."""
    accesses = Access.objects.select_related("user").filter(resource_id=channel.pk, user__isnull=False)
    people = [(access.user.id, access.user.name, access.role) for access in accesses if access.user is not None]
    return sorted(people, key=lambda person: person[1].casefold())


def get_last_read(*, viewer: Viewer, channel: Channel) -> uuid.UUID | None:
    return ReadMark.objects.filter(channel=channel, user_id=viewer.user_id).values_list("last_read_id", flat=True).first()


def _of(viewer: Viewer) -> QuerySet[Channel]:
    return Channel.objects.select_related("resource").filter(resource__in=readable_by(viewer).values("id"))


def _unread(viewer: Viewer) -> QuerySet[Message, Any]:
    mark = ReadMark.objects.filter(channel_id=OuterRef("channel_id"), user_id=viewer.user_id).values("last_read_id")
    return (
        Message.objects.filter(channel_id=OuterRef("pk"), deleted_at=None)
        .exclude(Q(author_user_id=viewer.user_id, author_user__isnull=False))
        .annotate(mark=Coalesce(Subquery(mark), Value(BEFORE_ALL), output_field=UUIDField()))
        .filter(id__gt=F("mark"))
        .order_by()
        .values("channel_id")
        .annotate(total=Count("id"))
        .values("total")
    )


def _lines(viewer: Viewer, channels: Iterable[Channel]) -> list[ChannelLine]:
    channels = list(channels)
    direct = [channel.pk for channel in channels if channel.kind == ChannelKind.DIRECT]
    others = {
        access.resource_id: access.user
        for access in Access.objects.select_related("user").filter(resource__in=direct).exclude(user_id=viewer.user_id)
    }
    marked = favourite_ids(viewer=viewer)
    lines = []
    for channel in channels:
        other = others.get(channel.pk)
        lines.append(
            ChannelLine(
                id=channel.pk,
                kind=channel.kind,
                title=other.name if other else channel.resource.title,
                began_at=channel.resource.created_at if channel.kind == ChannelKind.MEETING else None,
                last_message_at=channel.last_message_at,
                unread=getattr(channel, "unread", 0),
                other_user_id=other.id if other else None,
                is_favourite=channel.pk in marked,
            )
        )
    return lines
