"""What chat does when others act: a channel that was deleted for ever loses its messages."""

from __future__ import annotations

from suite.chat.services.channels import channel_erase
from suite.kernel import clock
from suite.resources.events import ResourcePurged
from suite.resources.public import ResourceKind


def erase_channel(event: ResourcePurged) -> None:
    if event.kind == ResourceKind.CHANNEL:
        channel_erase(channel_id=event.resource_id, now=clock.now())
