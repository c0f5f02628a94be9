"""A document's text is a log of Yjs updates, shortened by snapshots."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from suite.accounts.public import User
from suite.kernel.refs import TargetRef
from suite.resources.public import Resource


class Document(models.Model):
    """A text that several people write at once; its title, owner and rights are its resource's."""

    resource = models.OneToOneField(Resource, on_delete=models.PROTECT, primary_key=True, related_name="document")

    @property
    def ref(self) -> TargetRef:
        return self.resource.ref


class DocumentUpdate(models.Model):
    """One change as a client sent it (Yjs update, version 1); `author` is empty for what the Suite wrote itself."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="updates")
    data = models.BinaryField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["document", "id"], name="documents_log")]


class DocumentSnapshot(models.Model):
    """Everything up to the update `up_to`, and perhaps more, as one update."""

    id = models.BigAutoField(primary_key=True)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="snapshots")
    up_to = models.BigIntegerField()
    data = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["document", "up_to"], name="documents_snapshot_once")]
