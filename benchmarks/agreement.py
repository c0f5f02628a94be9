"""From an agreement to the first sample that is taken, and where the time goes.

One person speaks without a pause, agrees, withdraws and agrees again, over and over. Measured from the database's own times:
the agreement (`agreed_at`), the recorder's first packet (`started_at`). Sound is guarded for `GUARD` seconds of it.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import begin, quantile, say
from suite.rtc.transport.copies import GUARD
from tests.journeys.house import House, free_port
from tests.journeys.staff import Staff, until
from tests.sounds import clip

SECONDS = 20.0
HEARD = 1.0  # s of sound that is taken under each agreement


async def agreement(*, times: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        house = House(var=Path(folder) / "var", port=free_port(), speech=False, environment={"SPEECH": "1"})
        try:
            await house.start()
            return await _measured(house, times=times)
        finally:
            await house.stop()


async def _measured(house: House, *, times: int) -> dict[str, Any]:
    awa, farid = Staff(house.url, "Awa Diallo"), Staff(house.url, "Farid Benali")
    try:
        for one in (awa, farid):
            await one.sign_in()
        slug = await awa.start_room()
        for one in (awa, farid):
            await one.join(slug)
            await one.connect()
        farid.keep_talking(await farid.open_microphone(), clip("sense_and_sensibility"))
        await awa.say(type="transcription_start")
        await farid.answers("asked")
        for number in range(times):
            await farid.say(type="agree")
            await until(lambda number=number: _taken(house, number + 1), seconds=SECONDS, what="sound is taken")  # type: ignore[misc]  # bound in the loop
            await asyncio.sleep(HEARD)
            await farid.say(type="decline")
            await until(lambda number=number: _ended(house, number + 1), seconds=SECONDS, what="it was stored")  # type: ignore[misc]  # bound in the loop
    finally:
        for one in (farid, awa):
            await one.close()
    rows = await house.ask(
        "select extract(epoch from started_at - agreed_at)::float from meetings_capturedtrack where started_at is not null"
    )
    seconds = [row[0] for row in rows]
    return {
        "times": times,
        "without_sound": times - len(seconds),
        "guard_s": GUARD,
        "p50_s": round(quantile(seconds, 0.5), 3),
        "p95_s": round(quantile(seconds, 0.95), 3),
        "each_s": [round(one, 3) for one in seconds],
    }


async def _taken(house: House, tracks: int) -> bool:
    return await house.count("meetings_capturedtrack", "egress_id <> ''") >= tracks


async def _ended(house: House, tracks: int) -> bool:
    return await house.count("meetings_capturedtrack", "ended_at is not null") >= tracks


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    head = begin("agreement")
    say(head | asyncio.run(agreement(times=given.times)))
