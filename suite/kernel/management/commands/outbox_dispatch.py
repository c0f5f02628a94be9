"""`manage.py outbox_dispatch`: deliver events to their subscribers until told to stop."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from suite.kernel import outbox


class Command(BaseCommand):
    help = "Deliver events to their subscribers; one process is enough, several are safe."

    def handle(self, *_args: Any, **_options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        outbox.run(stop)
