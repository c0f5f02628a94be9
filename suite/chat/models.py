"""Channels and what is written in them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from suite.accounts.public import User
from suite.kernel.ids import uuid7
from suite.kernel.refs import TargetRef
from suite.resources.public import Resource


class ChannelKind(models.TextChoices):
    """Where a channel comes from: a meeting's chat, a named channel, two people writing to each other."""

    MEETING = "meeting"
    CHANNEL = "channel"
    DIRECT = "direct"


class Channel(models.Model):
    """A place to write; who reads and writes is its resource's accesses."""

    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, primary_key=True, related_name="channel")
    kind = models.CharField(max_length=10, choices=ChannelKind.choices)
    direct_key = models.CharField(max_length=110, unique=True, null=True)  # noqa: DJ001  (null: only direct channels are unique)
    last_message_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="chat_direct_has_its_key",
                condition=Q(kind=ChannelKind.DIRECT, direct_key__isnull=False)
                | (~Q(kind=ChannelKind.DIRECT) & Q(direct_key__isnull=True)),
            )
        ]

    @property
    def ref(self) -> TargetRef:
        return self.resource.ref


class Message(models.Model):
    """One message; ids sort by the order of writing in a channel. `ref` is the client's own: sending again is harmless."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="messages")
    author_user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="messages")
    author_participation_id = models.UUIDField(null=True)  # written from a meeting; a guest's only identity
    author_name = models.CharField(max_length=200)
    body = models.TextField()
    ref = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="chat_message_has_an_author",
                condition=Q(author_user__isnull=False) | Q(author_participation_id__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["channel", "author_user", "ref"], condition=Q(author_user__isnull=False), name="chat_person_ref_once"
            ),
            models.UniqueConstraint(
                fields=["channel", "author_participation_id", "ref"], condition=Q(author_user=None), name="chat_guest_ref_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["channel", "-id"], name="chat_newest_first")]


class ReadMark(models.Model):
    """How far a person has read a channel."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="read_marks")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="read_marks")
    last_read_id = models.UUIDField()
    recorded_at = models.DateTimeField(null=True)  # when the audit was last told; null in marks from before it was kept

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["channel", "user"], name="chat_one_mark_a_person")]
