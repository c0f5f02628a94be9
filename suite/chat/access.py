"""Which channel a viewer may read, write in, or bring people into."""

from __future__ import annotations

import uuid

from suite.accounts.public import Viewer
from suite.chat.models import Channel
from suite.kernel.errors import NotFound
from suite.resources.public import ResourceKind, ResourceRole, access_resource

READ = ResourceRole.READER
WRITE = ResourceRole.COMMENTER
BRING_IN = ResourceRole.EDITOR


def access_channel(*, viewer: Viewer | None, id: uuid.UUID, need: ResourceRole) -> Channel:
    """The channel `id`, if `viewer` holds `need` on it; raises `NotFound` or `Forbidden` as `access_resource` does."""
    resource = access_resource(viewer=viewer, id=id, need=need, kind=ResourceKind.CHANNEL)
    channel = Channel.objects.filter(pk=resource.pk).first()
    if channel is None:
        raise NotFound
    channel.resource = resource
    return channel
