"""`manage.py outbox_dispatch`: deliver events to their subscribers until told to stop."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from suite.kernel import outbox

ENDS = {signal.SIGTERM, signal.SIGINT}


class Command(BaseCommand):
    help = "Deliver events to their subscribers; one process is enough, several are safe."

    def handle(self, *_args: Any, **_options: Any) -> None:
        # A thread waits for them: a handler would run within the main thread, which may hold the very lock of `stop`.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        stop = threading.Event()
        threading.Thread(target=_await_end, args=(stop,), name="ends", daemon=True).start()
        outbox.run(stop)


def _await_end(stop: threading.Event) -> None:
    signal.sigwait(ENDS)
    stop.set()
