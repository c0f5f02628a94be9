"""The dispatcher: what fails is tried again, holds up nobody but those behind it, and is said as what it is."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from suite.kernel import clock, events, outbox
from suite.kernel.errors import Unavailable
from suite.kernel.events import Event
from suite.kernel.models import OutboxDelivery, OutboxEvent
from suite.kernel.outbox import ATTEMPTS_MAX, KEPT, deliver_due, forget_delivered

pytestmark = pytest.mark.django_db

FIRST, SECOND = uuid.UUID(int=1), uuid.UUID(int=2)


class Listener:
    """Takes what it is told, or fails as it was told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[uuid.UUID, int]] = []
        self.failing: dict[tuple[uuid.UUID, int], Exception] = {}

    def __call__(self, event: Any) -> None:
        what = (event.about, event.number)
        if what in self.failing:
            raise self.failing[what]
        self.heard.append(what)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    found = Listener()
    yield found
    for name in ("tests.said", "tests.urgent"):
        events.EVENTS.pop(name, None)


@pytest.fixture
def say(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Publish an event about something, which `listener` is owed."""

    @dataclass(frozen=True, kw_only=True)
    class Said(Event):
        name: ClassVar[str] = "tests.said"
        about: uuid.UUID
        number: int

        @property
        def aggregate_id(self) -> uuid.UUID:
            return self.about

    @dataclass(frozen=True, kw_only=True)
    class Urgent(Said):
        name: ClassVar[str] = "tests.urgent"
        urgent: ClassVar[bool] = True

    for one in (Said, Urgent):
        monkeypatch.setitem(events._subscribers, one.name, {"tests.listener": listener})

    def said(about: uuid.UUID, number: int, *, urgent: bool = False) -> None:
        kind = Urgent if urgent else Said
        outbox.store(kind(about=about, number=number), correlation_id=uuid.uuid4())

    return said


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    then = clock.now() + timedelta(seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: then)


def test_what_fails_holds_up_what_is_behind_it_and_nothing_else(listener, say, monkeypatch):
    listener.failing[FIRST, 1] = Unavailable()
    say(FIRST, 1)
    say(FIRST, 2)
    say(SECOND, 3)
    deliver_due()
    assert listener.heard == [(SECOND, 3)]
    deliver_due()
    assert OutboxDelivery.objects.get(done_at=None, event__payload__number=1).attempts == 1, "not again before it is due"
    listener.failing.clear()
    later(monkeypatch, 2)
    deliver_due()
    assert listener.heard == [(SECOND, 3), (FIRST, 1), (FIRST, 2)]


def test_what_is_urgent_overtakes_the_others(listener, say):
    say(FIRST, 1)
    say(SECOND, 2, urgent=True)
    deliver_due()
    assert listener.heard == [(SECOND, 2), (FIRST, 1)]


@pytest.mark.django_db(transaction=True)
def test_what_is_urgent_waits_for_no_call_of_another(listener, say, monkeypatch):
    """Each lane has its thread: an ordinary subscriber waits for a server that hangs, and a revocation comes at once."""
    waiting, came, stop = threading.Event(), threading.Event(), threading.Event()

    def subscriber(event: Any) -> None:
        if event.urgent:
            came.set()
        else:
            waiting.set()
            assert came.wait(20), "what is urgent did not come while this waited"

    for name in ("tests.said", "tests.urgent"):
        monkeypatch.setitem(events._subscribers, name, {"tests.listener": subscriber})
    monkeypatch.setattr(outbox, "sweeps", [])
    dispatcher = threading.Thread(target=outbox.run, args=(stop,))
    dispatcher.start()
    try:
        say(FIRST, 1)
        assert waiting.wait(10)
        say(SECOND, 2, urgent=True)
        assert came.wait(10)
    finally:
        stop.set()
        dispatcher.join()
    assert OutboxDelivery.objects.filter(done_at=None).count() == 0


def test_each_attempt_waits_longer_and_the_last_lets_the_next_pass(listener, say, monkeypatch):
    listener.failing[FIRST, 1] = ValueError("a fault")
    say(FIRST, 1)
    say(FIRST, 2)
    waits = []
    for _ in range(ATTEMPTS_MAX):
        deliver_due()
        delivery = OutboxDelivery.objects.get(event__payload__number=1)
        waits.append(round((delivery.due_at - clock.now()).total_seconds()))
        later(monkeypatch, waits[-1] + 1)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert delivery.given_up_at is not None
    deliver_due()
    assert listener.heard == [(FIRST, 2)]


@pytest.mark.parametrize(("error", "attempts", "level"), [
    (Unavailable(), 0, "warning"), (Unavailable(), ATTEMPTS_MAX - 1, "error"), (ValueError("a fault"), 0, "error"),
])  # fmt: skip
def test_a_server_that_is_away_is_no_error_before_it_is_given_up(listener, say, error, attempts, level):
    listener.failing[FIRST, 1] = error
    say(FIRST, 1)
    OutboxDelivery.objects.update(attempts=attempts)
    with capture_logs() as logged:
        deliver_due()
    (said,) = logged
    assert (said["log_level"], said["event"], said["attempts"]) == (level, "delivery_failed", attempts + 1)
    assert ("exc_info" in said) is (level == "error")


def test_what_everybody_has_had_for_a_week_is_forgotten_and_nothing_else(
    say: Callable[..., None], listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed stays, whatever its age, and what is young; what nobody listens to goes as what was heard does."""
    third = uuid.UUID(int=3)
    listener.failing[SECOND, 1] = ValueError("no")
    say(FIRST, 1)
    say(SECOND, 1)
    deliver_due()
    with monkeypatch.context() as nobody:
        nobody.setitem(events._subscribers, "tests.said", {})
        say(third, 1)
    later(monkeypatch, KEPT.total_seconds() - 60)
    say(FIRST, 2)
    deliver_due()
    forget_delivered()
    assert OutboxEvent.objects.count() == 4
    later(monkeypatch, 120)
    forget_delivered()
    left = OutboxEvent.objects.order_by("sequence").values_list("aggregate_id", "payload__number")
    assert list(left) == [(SECOND, 1), (FIRST, 2)]
