"""Events: how an app speaks upwards. Published in the transaction of the act, delivered at least once, in order for each
aggregate, by `suite.kernel.outbox`. Subscribers are registered by `suite.config.wiring` and are idempotent.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, get_type_hints

from django.db import transaction

from suite.kernel.context import origin

Subscriber = Callable[[Any], None]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened, past tense; `aggregate_id` says in whose order it stands.

    An `urgent` event has a lane of its own: a revocation waits for nobody else's call to a slow server, and makes none itself.
    """

    name: ClassVar[str]
    urgent: ClassVar[bool] = False

    @property
    def aggregate_id(self) -> uuid.UUID:
        raise NotImplementedError

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        EVENTS[cls.name] = cls

    def to_payload(self) -> dict[str, Any]:
        """JSON-ready values of the fields."""
        return {field.name: _encode(getattr(self, field.name)) for field in dataclasses.fields(self)}

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Event:
        """The event back; fields that this version does not know are left out."""
        hints = get_type_hints(cls)
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{key: _decode(value, hints[key]) for key, value in payload.items() if key in known})


EVENTS: dict[str, type[Event]] = {}
_subscribers: dict[str, dict[str, Subscriber]] = {}


def subscribe(event: type[Event], subscriber: Subscriber) -> None:
    """Have `subscriber` called with each `event`; its name in the outbox is its dotted path, so it must not move silently."""
    key = f"{subscriber.__module__}.{subscriber.__qualname__}"
    _subscribers.setdefault(event.name, {})[key] = subscriber


def subscribers_of(name: str) -> dict[str, Subscriber]:
    return _subscribers.get(name, {})


def publish(event: Event) -> None:
    """Write `event` and its deliveries in the present transaction; the dispatcher is woken when it commits."""
    from suite.kernel import outbox  # noqa: PLC0415  (models load after the apps)

    outbox.store(event, correlation_id=origin().correlation_id)
    transaction.on_commit(outbox.wake)


def _encode(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list | frozenset | set):
        return [_encode(item) for item in value]
    return value


def _decode(value: Any, hint: Any) -> Any:
    text = str(hint)
    if value is None:
        return None
    if "UUID" in text:
        return tuple(uuid.UUID(item) for item in value) if isinstance(value, list) else uuid.UUID(value)
    if "datetime" in text:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
