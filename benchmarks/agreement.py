"""From an agreement to the first sample that is taken.

People who speak without a pause agree at the same moment, withdraw, and agree again, over and over. Measured from the
database's own times: the agreement (`agreed_at`), the recorder's first packet (`started_at`). The first `guard_s` seconds
after the media server was asked are left out by intent.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.report import begin, quantile, say
from benchmarks.running import wait_for_celery
from suite.rtc.transport.copies import GUARD
from tests.journeys.house import House, free_port
from tests.journeys.staff import Staff, until
from tests.sounds import clip

SECONDS = 20.0
NAMES = ("Farid Benali", "Julien Nguyen", "Inès Da Silva", "Hélène Caron")
HEARD = 1.0  # s of sound that is taken under each agreement


async def agreement(*, times: int, people: int, speech: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        house = House(var=Path(folder) / "var", port=free_port(), speech=speech, environment={"SPEECH": "1"})
        try:
            await house.start()
            await asyncio.to_thread(wait_for_celery, house, workers=1 + speech)
            return await _measured(house, times=times, people=people)
        finally:
            await house.stop()


async def _measured(house: House, *, times: int, people: int) -> dict[str, Any]:
    awa, others = Staff(house.url, "Awa Diallo"), [Staff(house.url, name) for name in NAMES[:people]]
    try:
        await awa.sign_in()
        slug = await awa.start_room()
        await awa.join(slug)
        for one in others:
            await one.sign_in()
            await one.join(slug)
            await one.connect()
            one.keep_talking(await one.open_microphone(), clip("sense_and_sensibility"))
        await awa.say(type="transcription_start")
        for number in range(1, times + 1):
            for one in others:
                await one.answers("asked")
            await asyncio.gather(*(one.say(type="agree") for one in others))
            await until(partial(_are, house, "egress_id <> ''", number * people), seconds=SECONDS, what="sound is taken")
            await asyncio.sleep(HEARD)
            await asyncio.gather(*(one.say(type="decline") for one in others))
            await until(partial(_are, house, "ended_at is not null", number * people), seconds=SECONDS, what="it was stored")
    finally:
        for one in (*others, awa):
            await one.close()
    rows = await house.ask(
        "select extract(epoch from started_at - agreed_at)::float from meetings_capturedtrack where started_at is not null"
    )
    seconds = [row[0] for row in rows]
    return {
        "agreements": times * people,
        "without_sound": times * people - len(seconds),
        "guard_s": GUARD,
        "p50_s": round(quantile(seconds, 0.5), 3),
        "p95_s": round(quantile(seconds, 0.95), 3),
        "each_s": [round(one, 3) for one in seconds],
    }


async def _are(house: House, where: str, tracks: int) -> bool:
    return await house.count("meetings_capturedtrack", where) >= tracks


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--people", type=int, default=2, help="who agree at the same moment, at most 4")
    parser.add_argument("--speech", action="store_true", help="the models load meanwhile")
    given = parser.parse_args()
    head = begin("agreement")
    say(head | asyncio.run(agreement(times=given.times, people=given.people, speech=given.speech)))
