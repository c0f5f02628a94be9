"""What pages, sockets and meetings read of chat, as JSON values."""

from __future__ import annotations

import uuid
from typing import cast

from suite.chat import contract
from suite.chat.lines import ChannelLine
from suite.chat.models import Message


def message_payload(message: Message) -> contract.Message:
    """`{id, author: {name, user_id, participation_id}, body, at, ref}`."""
    return {
        "id": str(message.id),
        "author": {
            "name": message.author_name,
            "user_id": _text(message.author_user_id),
            "participation_id": _text(message.author_participation_id),
        },
        "body": message.body,
        "at": message.created_at.isoformat(),
        "ref": message.ref,
    }


def message_frame(message: Message) -> contract.MessageHeard:
    """What a socket sends its client for a new message."""
    return {"type": "message", "channel_id": str(message.channel_id), "message": message_payload(message)}


def line_payload(line: ChannelLine) -> contract.ChannelLine:
    """`{id, kind, title, began_at, last_message_at, unread, other_user_id, favourite}`."""
    return {
        "id": str(line.id),
        "kind": cast("contract.ChannelKind", line.kind),
        "title": line.title,
        "began_at": line.began_at.isoformat() if line.began_at else None,
        "last_message_at": line.last_message_at.isoformat() if line.last_message_at else None,
        "unread": line.unread,
        "other_user_id": _text(line.other_user_id),
        "favourite": line.is_favourite,
    }


def _text(value: uuid.UUID | None) -> str | None:
    return None if value is None else str(value)
