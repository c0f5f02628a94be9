"""Writing, and having read."""

from __future__ import annotations

import unicodedata
import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from suite.accounts.public import Viewer
from suite.audit.public import record
from suite.chat.author import Author
from suite.chat.errors import EmptyMessage, MessageTooLong
from suite.chat.events import MessagePosted
from suite.chat.models import Channel, Message, ReadMark
from suite.chat.payloads import message_frame
from suite.chat.services.channels import channel_group, person_group
from suite.kernel.errors import BadInput, NotFound
from suite.kernel.events import publish
from suite.kernel.groups import tell
from suite.kernel.ids import uuid7
from suite.resources.public import SITTING

BODY_CHARACTERS_MAX = 8_000
REF_CHARACTERS_MAX = 64
OVERRIDES = frozenset("\u202d\u202e")  # they make a text read otherwise than it is written


@transaction.atomic
def message_post(*, channel: Channel, author: Author, body: str, ref: str, now: datetime) -> Message:
    """Write in `channel`; the same `ref` of the same author again is the message that is there already.

    Raises `EmptyMessage`, `MessageTooLong`, `BadInput`; the caller holds the right to write. The record holds no text.
    """
    text = clean_body(body)
    if not ref or len(ref) > REF_CHARACTERS_MAX or not ref.isprintable():
        raise BadInput(fields={"ref": ["1 to 64 printable characters"]})
    held = (
        Channel.objects.select_for_update(of=("self",)).select_related("resource").get(pk=channel.pk)
    )  # one order for all readers
    found = _written(channel=held, author=author, ref=ref)
    if found is not None:
        return found
    message = Message.objects.create(
        id=uuid7(),
        channel=held,
        author_user_id=author.user_id,
        author_participation_id=author.participation_id,
        author_name=author.name[:200],
        body=text,
        ref=ref,
        created_at=now,
    )
    held.last_message_at = now
    held.save(update_fields=["last_message_at"])
    organization_id = held.resource.organization_id
    record("chat.message.posted", actor=author.ref, target=held.ref, organization_id=organization_id, at=now)
    publish(MessagePosted(channel_id=held.pk, message_id=message.id, organization_id=organization_id, at=now))
    tell(channel_group(held.pk), {"type": "socket.send", "message": message_frame(message)})
    return message


@transaction.atomic
def channel_mark_read(*, channel: Channel, viewer: Viewer, message_id: uuid.UUID, now: datetime) -> None:
    """`viewer` has read up to `message_id`, on record once a `SITTING`: a mark comes each second while others write.

    A mark never goes back. Raises `NotFound` for a message of another channel.
    """
    if not Message.objects.filter(channel=channel, id=message_id).exists():
        raise NotFound
    mark, made = ReadMark.objects.get_or_create(
        channel=channel, user_id=viewer.user_id, defaults={"last_read_id": message_id, "recorded_at": now}
    )  # fmt: skip
    kept = ReadMark.objects.filter(pk=mark.pk)
    if not made and not kept.filter(last_read_id__lt=message_id).update(last_read_id=message_id):
        return
    if made or kept.filter(Q(recorded_at=None) | Q(recorded_at__lt=now - SITTING)).update(recorded_at=now):
        organization_id = channel.resource.organization_id
        record("chat.channel.read", actor=viewer.ref, target=channel.ref, organization_id=organization_id, at=now)
    frame = {"type": "read", "channel_id": str(channel.pk), "message_id": str(message_id)}
    tell(person_group(viewer.user_id), {"type": "socket.send", "message": frame})


def clean_body(body: str) -> str:
    """`body` without control characters and outer blank lines; raises `EmptyMessage` or `MessageTooLong`."""
    lines = body.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in lines if c in "\n\t" or (unicodedata.category(c) not in {"Cc", "Cs"} and c not in OVERRIDES))
    text = text.strip("\n").rstrip()
    if not text.strip():
        raise EmptyMessage
    if len(text) > BODY_CHARACTERS_MAX:
        raise MessageTooLong
    return text


def _written(*, channel: Channel, author: Author, ref: str) -> Message | None:
    same = Message.objects.filter(channel=channel, ref=ref)
    if author.user_id is not None:
        return same.filter(author_user_id=author.user_id).first()
    return same.filter(author_user=None, author_participation_id=author.participation_id).first()
