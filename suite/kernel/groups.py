"""Telling open sockets, whichever process holds them: after the commit, so that nobody hears of what did not happen."""

from __future__ import annotations

import uuid
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction


def group(noun: str, id: uuid.UUID) -> str:
    """The name of a group of sockets: `person.0190…`."""
    return f"{noun}.{id.hex}"


def tell(name: str, message: dict[str, Any]) -> None:
    """Send `message` (its `type` names the consumer's method) to every socket of the group when the transaction commits.

    What is committed stays so where Valkey does not answer: that is logged, and the sockets' own re-reading heals it.
    """
    transaction.on_commit(lambda: async_to_sync(get_channel_layer().group_send)(name, message), robust=True)
