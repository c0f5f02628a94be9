"""A channel of somebody's."""

from __future__ import annotations

from suite.accounts.viewer import Viewer
from suite.chat.models import Channel, ChannelKind
from suite.chat.services.channels import channel_create
from suite.kernel import clock


def channel_of(owner: Viewer, title: str = "Budget") -> Channel:
    kind = ChannelKind.CHANNEL
    return channel_create(
        organization_id=owner.organization_id, title=title, kind=kind, owner_id=owner.user_id, actor=owner.ref, now=clock.now()
    )
