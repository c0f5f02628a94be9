"""Blobs: bytes that are stored once, never changed, and given out only by us."""

from __future__ import annotations

from django.db import models

from suite.accounts.public import Organization
from suite.kernel.ids import uuid7


class Blob(models.Model):
    """A stored file. `key` is where the storage keeps it; a name given by people never reaches the file system."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="blobs")
    key = models.CharField(max_length=120, unique=True)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
