"""Opening channels and bringing people in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from suite.accounts.public import Membership, Viewer
from suite.chat.models import Channel, ChannelKind, Message
from suite.kernel.errors import BadInput, NotFound
from suite.kernel.groups import group, tell
from suite.kernel.refs import ActorRef
from suite.resources.public import ResourceKind, ResourceRole, access_grant, resource_create, resource_erase


@transaction.atomic
def channel_create(
    *,
    organization_id: uuid.UUID,
    title: str,
    kind: ChannelKind | str,
    owner_id: uuid.UUID | None,
    actor: ActorRef,
    now: datetime,
    context: uuid.UUID | None = None,
    direct_key: str | None = None,
    colleagues: Sequence[uuid.UUID] = (),
) -> Channel:
    """A new channel, with `colleagues` in it; its owner, where it has one, holds it. Its record is the resource's.

    Raises `BadInput` for a named channel without a name, `NotFound` for somebody who does not work there.
    """
    resource = resource_create(
        kind=ResourceKind.CHANNEL,
        organization_id=organization_id,
        owner_id=owner_id,
        title=title,
        actor=actor,
        now=now,
        context=context,
    )
    if kind == ChannelKind.CHANNEL and not resource.title:
        raise BadInput(fields={"title": ["required"]})
    channel = Channel.objects.create(resource=resource, kind=kind, direct_key=direct_key)
    if owner_id is not None:
        tell(person_group(owner_id), {"type": "channel.joined", "channel_id": str(resource.id)})
    for user_id in dict.fromkeys(colleagues):
        _colleague(organization_id=organization_id, user_id=user_id)
        member_add(channel=channel, user_id=user_id, actor=actor, now=now, context=context)
    return channel


@transaction.atomic
def member_add(
    *,
    channel: Channel,
    user_id: uuid.UUID,
    actor: ActorRef,
    now: datetime,
    context: uuid.UUID | None = None,
) -> None:
    """Let a person read and write in `channel`; their open chat page shows it at once. The caller may bring people in.

    Somebody who has an access already keeps it as it is.
    """
    if channel.resource.accesses.filter(user_id=user_id).exists():
        return
    access_grant(resource=channel.resource, role=ResourceRole.EDITOR, actor=actor, now=now, context=context, user_id=user_id)
    tell(person_group(user_id), {"type": "channel.joined", "channel_id": str(channel.pk)})


@transaction.atomic
def colleague_add(*, channel: Channel, user_id: uuid.UUID, viewer: Viewer, now: datetime) -> None:
    """Bring an active colleague into a named channel; raises `NotFound` for anybody else, `BadInput` where two people talk."""
    if channel.kind == ChannelKind.DIRECT:
        raise BadInput
    _colleague(organization_id=viewer.organization_id, user_id=user_id)
    member_add(channel=channel, user_id=user_id, actor=viewer.ref, now=now)


@transaction.atomic
def direct_channel_open(*, viewer: Viewer, user_id: uuid.UUID, now: datetime) -> Channel:
    """The channel between `viewer` and a colleague, made when they first write.

    Raises `NotFound` for somebody who is not an active colleague, `BadInput` for oneself.
    """
    if user_id == viewer.user_id:
        raise BadInput
    _colleague(organization_id=viewer.organization_id, user_id=user_id)
    first, second = sorted([viewer.user_id.hex, user_id.hex])
    key = f"{viewer.organization_id.hex}:{first}:{second}"
    found = Channel.objects.select_related("resource").filter(direct_key=key).first()
    if found is not None:
        return found
    return channel_create(
        organization_id=viewer.organization_id,
        title="",
        kind=ChannelKind.DIRECT,
        owner_id=None,
        actor=viewer.ref,
        now=now,
        direct_key=key,
        colleagues=[viewer.user_id, user_id],
    )


@transaction.atomic
def channel_erase(*, channel_id: uuid.UUID, now: datetime) -> None:
    """Remove the messages and the rows of a channel that was deleted for ever; quietly nothing where they are gone."""
    Message.objects.filter(channel__resource_id=channel_id, channel__resource__purged_at__isnull=False).delete()
    Channel.objects.filter(resource_id=channel_id, resource__purged_at__isnull=False).delete()
    resource_erase(resource_id=channel_id, now=now)


def person_group(user_id: uuid.UUID) -> str:
    """The group of a person's open chat pages."""
    return group("chat.person", user_id)


def channel_group(channel_id: uuid.UUID) -> str:
    """The group of the sockets that show a channel: chat pages, and the meeting whose channel it is."""
    return group("channel", channel_id)


def _colleague(*, organization_id: uuid.UUID, user_id: uuid.UUID) -> None:
    colleagues = Membership.objects.filter(organization_id=organization_id, ended_at=None, user__is_active=True)
    if not colleagues.filter(user_id=user_id).exists():
        raise NotFound
