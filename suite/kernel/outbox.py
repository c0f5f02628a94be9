"""The outbox's dispatcher: each delivery in its own transaction, order kept for each aggregate, back-off on failure.

It carries the revocation of a deactivated person within 5 seconds, so no long task shares its process, and what is urgent has a
lane of its own: a delivery there waits for nobody's call to a slow server.
"""

from __future__ import annotations

import contextlib
import enum
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q

from suite.kernel import clock
from suite.kernel.context import Origin, acting
from suite.kernel.errors import Unavailable
from suite.kernel.events import EVENTS, Event, subscribers_of
from suite.kernel.logs import get_logger
from suite.kernel.models import OutboxDelivery, OutboxEvent

log = get_logger(__name__)

ATTEMPTS_MAX = 12
SWEEP_SECONDS = 1.0
KEPT = timedelta(days=7)


class Lane(enum.Enum):
    """Which events a thread of the dispatcher delivers, and which sweeps it does."""

    URGENT = True
    ORDINARY = False


def channel() -> str:
    return f"{settings.VALKEY_PREFIX}.outbox"


def valkey() -> redis.Redis:
    """A connection to Valkey; it speaks Redis' protocol."""
    return redis.Redis.from_url(settings.VALKEY_URL, socket_timeout=5, socket_connect_timeout=2)


_waker: list[redis.Redis] = []


def wake() -> None:
    """Tell the dispatcher that there is something; a lost word is healed by the sweep."""
    if not _waker:
        _waker.append(valkey())
    with contextlib.suppress(redis.RedisError):
        _waker[0].publish(channel(), b"1")


def store(event: Event, *, correlation_id: uuid.UUID) -> None:
    """Write `event` and one delivery for each of its subscribers."""
    now = clock.now()
    row = OutboxEvent.objects.create(
        name=event.name,
        aggregate_id=event.aggregate_id,
        payload=event.to_payload(),
        correlation_id=correlation_id,
        published_at=now,
    )
    OutboxDelivery.objects.bulk_create(
        OutboxDelivery(event=row, subscriber=key, aggregate_id=row.aggregate_id, due_at=now)
        for key in subscribers_of(event.name)
    )


def deliver_due(*, limit: int = 100) -> int:
    """Deliver what is due in both lanes, oldest first in each; the number delivered or tried."""
    tried = 0
    while tried < limit and (_deliver_one(Lane.URGENT) or _deliver_one(Lane.ORDINARY)):
        tried += 1
    return tried


def _deliver_one(lane: Lane) -> bool:
    earlier = OutboxDelivery.objects.filter(
        subscriber=OuterRef("subscriber"),
        aggregate_id=OuterRef("aggregate_id"),
        event_id__lt=OuterRef("event_id"),
        done_at=None,
        given_up_at=None,
    )
    urgent = [name for name, event in EVENTS.items() if event.urgent]
    ours = Q(event__name__in=urgent) if lane is Lane.URGENT else ~Q(event__name__in=urgent)
    with transaction.atomic():
        delivery = (
            OutboxDelivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("event")
            .filter(ours, ~Exists(earlier), done_at=None, given_up_at=None, due_at__lte=clock.now())
            .order_by("event_id", "id")
            .first()
        )
        if delivery is None:
            return False
        error = _call(delivery)
        if error is None:
            delivery.done_at = clock.now()
        else:
            delivery.attempts += 1
            delivery.error = error[:300]
            delivery.due_at = clock.now() + timedelta(seconds=min(0.5 * 2**delivery.attempts, 300))
            if delivery.attempts >= ATTEMPTS_MAX:
                delivery.given_up_at = clock.now()
        delivery.save()
    return True


def _call(delivery: OutboxDelivery) -> str | None:
    """Run the subscriber inside a savepoint; the error's text where it failed."""
    row = delivery.event
    subscriber = subscribers_of(row.name).get(delivery.subscriber)
    if subscriber is None or row.name not in EVENTS:
        return "nobody listens any more"
    started = time.monotonic()
    attempts = delivery.attempts + 1
    tried = {"event_name": row.name, "subscriber": delivery.subscriber, "attempts": attempts}
    try:
        with acting(Origin(correlation_id=row.correlation_id)), transaction.atomic():
            subscriber(EVENTS[row.name].from_payload(row.payload))
    except Unavailable as error:  # a server that is away comes back
        say = log.exception if attempts >= ATTEMPTS_MAX else log.warning
        say("delivery_failed", **tried, missing=error.code)
        return f"{type(error).__name__}: {error}"
    except Exception as error:  # a subscriber's failure is recorded and tried again, whatever it is
        log.exception("delivery_failed", **tried)
        return f"{type(error).__name__}: {error}"
    log.debug("delivered", event_name=row.name, subscriber=delivery.subscriber, seconds=round(time.monotonic() - started, 3))
    return None


def forget_delivered() -> None:
    """Drop events that everybody has had for a week, or that nobody listens to."""
    owed = OutboxDelivery.objects.filter(event=OuterRef("pk"), done_at=None)
    OutboxEvent.objects.filter(~Exists(owed), published_at__lt=clock.now() - KEPT).delete()


@dataclass
class Every:
    """Something the dispatcher's process does on the side, short: `action` each `seconds`."""

    seconds: float
    action: Callable[[], object]
    lane: Lane = Lane.ORDINARY
    next_at: float = field(default=0.0)


sweeps: list[Every] = []


def run(stop: threading.Event) -> None:
    """Deliver in both lanes until `stop` is set; a lost database or Valkey is waited for, never fatal."""
    lanes = [threading.Thread(target=_run_lane, args=(lane, stop), name=f"outbox-{lane.name.lower()}") for lane in Lane]
    for lane in lanes:
        lane.start()
    while not stop.is_set() and all(lane.is_alive() for lane in lanes):
        stop.wait(SWEEP_SECONDS)
    died = not stop.is_set()
    stop.set()
    for lane in lanes:
        lane.join()
    if died:  # the thread has said why: the process ends, and the supervisor starts it again
        raise SystemExit(1)


def _run_lane(lane: Lane, stop: threading.Event) -> None:
    mine = [sweep for sweep in sweeps if sweep.lane is lane]
    with contextlib.closing(connection), valkey() as server, server.pubsub(ignore_subscribe_messages=True) as listener:
        while not stop.is_set():
            try:
                more = _deliver_one(lane)
                for sweep in mine:  # between two deliveries, of which one may wait for another server
                    if time.monotonic() >= sweep.next_at:
                        sweep.next_at = time.monotonic() + sweep.seconds
                        sweep.action()
            except (OperationalError, DatabaseError):
                log.warning("database_unavailable", exc_info=True)
                connection.close()
                stop.wait(SWEEP_SECONDS)
                continue
            if more:
                continue
            try:
                if not listener.subscribed:
                    listener.subscribe(channel())
                listener.get_message(timeout=SWEEP_SECONDS)
            except redis.RedisError:
                stop.wait(SWEEP_SECONDS)
