"""The outbox's two tables, and the base of long work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q

from suite.kernel.ids import uuid7


class OutboxEvent(models.Model):
    """One event, as published."""

    sequence = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=120)
    aggregate_id = models.UUIDField()
    payload = models.JSONField()
    correlation_id = models.UUIDField()
    published_at = models.DateTimeField()

    class Meta:
        db_table = "kernel_outbox_event"


class OutboxDelivery(models.Model):
    """One event for one subscriber: unique, so a subscriber is owed each event once."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=200)
    aggregate_id = models.UUIDField()
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "kernel_outbox_delivery"
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "subscriber"], name="kernel_one_delivery")]
        indexes: ClassVar = [
            models.Index(
                fields=["subscriber", "aggregate_id", "event"],
                condition=Q(done_at=None, given_up_at=None),
                name="kernel_delivery_open",
            )
        ]


class WorkState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class LongWork(models.Model):
    """Work that outlives a request: the row is the truth, the task's message only wakes it.

    A worker takes a lease; a worker that dies lets it expire, and the sweep wakes the work again.
    """

    ATTEMPTS_MAX: ClassVar[int] = 5

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=10, choices=WorkState.choices, default=WorkState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def due(cls, *, now: datetime) -> Q:
        """What waits, or what a dead worker left."""
        return Q(state=WorkState.WAITING) | Q(state=WorkState.RUNNING, leased_until__lt=now)

    def lease(self, *, now: datetime, seconds: float) -> bool:
        """Take this work for `seconds`; False where someone else has it, it is over, or it has failed too often."""
        free = self._rows().filter(self.due(now=now), attempts__lt=self.ATTEMPTS_MAX)
        taken = free.update(
            state=WorkState.RUNNING, attempts=models.F("attempts") + 1, leased_until=now + timedelta(seconds=seconds)
        )
        if taken:
            self.refresh_from_db()
        return bool(taken)

    def renew(self, *, now: datetime, seconds: float) -> None:
        """Keep the lease for another `seconds`."""
        self._rows().update(leased_until=now + timedelta(seconds=seconds))

    def finish(self, state: WorkState, *, error: str = "") -> None:
        """The work is over, `DONE` or `FAILED` with a sentence for operators."""
        self._rows().update(state=state, leased_until=None, error=error[:300])
        self.refresh_from_db()

    def _rows(self) -> models.QuerySet[LongWork]:
        return models.QuerySet(model=type(self)).filter(pk=self.pk)
