"""The append-only record of who did what. Values only: no foreign key, so that everything may record."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from suite.kernel.ids import uuid7


class Record(models.Model):
    """One act. Never updated, never deleted by the application: a trigger and the database role refuse both."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=80)
    target_kind = models.CharField(max_length=40)
    target_id = models.UUIDField(null=True)
    target_label = models.CharField(max_length=200, blank=True)
    context = models.UUIDField(null=True)  # what the act belongs to: a meeting's id for everything that happened in it
    outcome = models.CharField(max_length=10, default="done")
    details = models.JSONField(default=dict)
    address = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    assurance = models.CharField(max_length=120, blank=True)
    correlation_id = models.UUIDField()
    schema_version = models.PositiveSmallIntegerField(default=1)
    salt = models.BinaryField(max_length=16)
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "audit_record"
        indexes: ClassVar = [
            models.Index(fields=["organization_id", "-id"], name="audit_by_organization"),
            models.Index(fields=["organization_id", "context", "id"], name="audit_by_context"),
            models.Index(fields=["organization_id", "actor_id", "-id"], name="audit_by_actor"),
        ]


class Seal(models.Model):
    """One link of an organisation's chain: the hash of the link before and of one record's leaf."""

    id = models.BigAutoField(primary_key=True)
    organization_id = models.UUIDField()
    sequence = models.PositiveBigIntegerField()
    record_id = models.UUIDField(unique=True)
    leaf = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "audit_seal"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization_id", "sequence"], name="audit_one_link_a_place"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization_id"], condition=models.Q(sequence=1), name="audit_chains"),
        ]


class Pending(models.Model):
    """A record that waits for its seal: written by a trigger with the record, taken away with the seal."""

    record_id = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField()

    class Meta:
        db_table = "audit_pending"


class Verification(models.Model):
    """How far an organisation's chain was found whole, and what was found wrong with it."""

    organization_id = models.UUIDField(primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
    chain = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField()
    findings = models.JSONField(default=list)

    class Meta:
        db_table = "audit_verification"
