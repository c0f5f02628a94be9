"""A whole Suite in a folder of its own, for the time of a benchmark."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.journeys.house import House, free_port

CELERY_SECONDS = 120.0


@asynccontextmanager
async def running(*, speech: bool = False) -> AsyncIterator[House]:
    """A copy in which every process runs, with or without the speech worker; ended with the block."""
    with tempfile.TemporaryDirectory() as folder:
        house = house_in(Path(folder), speech=speech)
        await house.start()
        try:
            await asyncio.to_thread(wait_for_celery, house, workers=1 + speech)
            yield house
        finally:
            await house.stop()


def house_in(folder: Path, *, speech: bool) -> House:
    """A copy that keeps its data in `folder`, not started."""
    return House(var=folder / "var", port=free_port(), environment={"SPEECH": "1" if speech else "0"})


def wait_for_celery(house: House, *, workers: int) -> None:
    """Until that many Celery workers wait for tasks, as Valkey sees them."""
    deadline = time.monotonic() + CELERY_SECONDS
    while house.celery_waiting() < workers:
        if time.monotonic() > deadline:
            raise AssertionError(f"Celery does not wait for tasks after {CELERY_SECONDS:.0f} s:\n{house.log[-4000:]}")
        time.sleep(0.1)
