"""The recorder is killed in mid-sentence: the sound goes on in a further file, and both stand at their true time."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import numpy as np
import pytest

from suite.transcripts.engines.base import SAMPLE_RATE, Sound
from suite.transcripts.pipeline.decode import decode
from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import until
from tests.sounds import clip

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]
HOUSE = {"speech": False, "environment": {"SPEECH": "1"}}  # sound is taken; nobody transcribes it
SAID = clip("sense_and_sensibility").sound()
KILLED_AFTER = 8.0  # s of speaking
BACK_WITHIN = 5.0  # s from the recorder's return to the first sound of the further file
LOST_MOST = BACK_WITHIN + 1.0  # s of sound beside the time without a recorder: a page of the file, the guard
APART_MOST = 1.5  # s that a piece may be off its true time: a slow machine speaks late, a piece that is placed wrongly is 8 off
WINDOW = 2 * SAMPLE_RATE


async def test_who_agreed_is_recorded_again_and_nobody_else(house: House, staff: Come) -> None:
    awa, farid, helene, late = [await staff(name) for name in ("Awa Diallo", "Farid Benali", "Hélène Caron", "Julien Nguyen")]
    slug = await awa.start_room()
    for one in (awa, farid, helene, late):
        await one.join(slug)
    for one in (farid, helene, late):
        await one.connect()
    microphones = {one: await one.open_microphone() for one in (farid, helene, late)}
    await awa.say(type="transcription_start")
    for one in (farid, helene):
        await one.agree()
    await until(lambda: running(house, 2), seconds=30, what="two people's sound is taken")
    speaking = asyncio.gather(*(one.speak(source, SAID.samples, rate=SAID.sample_rate) for one, source in microphones.items()))
    await asyncio.sleep(KILLED_AFTER)
    await helene.say(type="decline")  # withdrawn while it runs: no further file for her
    await helene.answers("declined")
    before = house.restarts("egress")
    killed_at = time.time()
    house.kill("egress")
    await late.agree()  # while nobody can record
    await house.again("egress", after=before, seconds=20)
    back_at = time.time()
    await until(lambda: running(house, 2), seconds=20, what="the sound of those who agree is taken again")
    began = dict(zip(microphones, [at for at, _end in await speaking], strict=True))
    await awa.say(type="end_for_all")
    await until(lambda: complete(house), seconds=20, what="every track is stored")

    pieces = await stored(house)
    hers, his, latecomers = (pieces.get(name, []) for name in ("Hélène Caron", "Farid Benali", "Julien Nguyen"))
    assert [len(his), len(hers), len(latecomers)] == [2, 1, 1]
    ended = his[0][0].timestamp() + his[0][1].seconds
    print(f"the recorder was back after {back_at - killed_at:.2f} s, his sound {his[1][0].timestamp() - back_at:+.2f} s later; "
          f"lost {his[1][0].timestamp() - ended:.2f} s of it")  # fmt: skip
    assert his[1][0].timestamp() - back_at < BACK_WITHIN
    assert his[1][0].timestamp() - ended < back_at - killed_at + LOST_MOST
    for person, heard in ((farid, his), (helene, hers), (late, latecomers)):
        for started_at, sound in heard:
            off = began_at(SAID, sound) + started_at.timestamp() - began[person]
            print(f"{person.name}: {sound.seconds:.1f} s, {off:+.3f} s from its true time")
            assert abs(off) < APART_MOST


def began_at(known: Sound, heard: Sound) -> float:
    """Where `known` would begin in `heard`, in its seconds, found by its loudest likeness; below 0 where it began before."""
    best, found = 0.0, 0.0
    samples = heard.samples.astype(np.float64)
    power = np.concatenate([[0.0], np.cumsum(samples**2)])
    energy = np.sqrt(np.maximum(power[WINDOW:] - power[:-WINDOW], 1e-3))
    for at in range(0, len(known.samples) - WINDOW, WINDOW):
        wanted = known.samples[at : at + WINDOW].astype(np.float64)
        alike = correlated(samples, wanted) / (energy * np.linalg.norm(wanted))
        place = int(np.argmax(alike))
        if alike[place] > best:
            best, found = float(alike[place]), (place - at) / SAMPLE_RATE
    assert best > 0.5, "the known words are not in it"
    return found


def correlated(samples: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    size = 1 << int(np.ceil(np.log2(len(samples) + len(wanted))))
    whole = np.fft.irfft(np.fft.rfft(samples, size) * np.conj(np.fft.rfft(wanted, size)), size)
    return np.abs(whole[: len(samples) - len(wanted) + 1])


async def stored(house: House) -> dict[str, list[tuple[datetime, Sound]]]:
    """Each person's pieces in their order: since when, and the sound."""
    rows = await house.ask(
        "select p.name, t.started_at, b.key from meetings_capturedtrack t join files_blob b on b.id = t.blob_id "
        "join meetings_participation p on p.id = t.participation_id order by t.started_at"
    )
    found: dict[str, list[tuple[datetime, Sound]]] = {}
    for name, started_at, key in rows:
        found.setdefault(name, []).append((started_at, decode(house.var / "files" / key)))
    return found


async def running(house: House, tracks: int) -> bool:
    where = "egress_id <> '' and ended_at is null and agreed_until is null"
    return await house.count("meetings_capturedtrack", where) == tracks


async def complete(house: House) -> bool:
    return await house.count("meetings_capture", "complete_at is not null") == 1
