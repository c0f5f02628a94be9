"""The speech worker is killed in the middle of a transcription: the transcript is what it would have been, and once."""

from __future__ import annotations

import asyncio

import psutil
import pytest

from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import until
from tests.sounds import decode, two_voices

pytestmark = [
    pytest.mark.journey,
    pytest.mark.speech,
    pytest.mark.xdist_group("speech"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(400),
]
READY_SECONDS = 150.0
TURNS = 'select ordinal, voice, start, "end", text from transcripts_turn order by ordinal'


async def test_the_transcript_is_the_same_and_no_turn_is_there_twice(house: House, staff: Come) -> None:
    awa, farid = await staff("Awa Diallo"), await staff("Farid Benali")
    slug = await awa.start_room()
    await awa.join(slug)
    await farid.join(slug, name="Salle 101", shared_microphone=True)
    await farid.connect()
    microphone = await farid.open_microphone()
    await awa.say(type="transcription_start")
    await farid.agree()
    await until(lambda: counts(house, "meetings_capturedtrack", "egress_id <> ''"), seconds=30, what="his sound is taken")
    said = decode(two_voices(), start=5.0, end=20.0)
    await farid.speak(microphone, said.samples, rate=said.sample_rate)
    await awa.say(type="end_for_all")
    await until(lambda: half_done(house), seconds=READY_SECONDS, what="the words are there, the voices not yet", every=0.02)
    before = house.restarts("speech")
    killed = await asyncio.to_thread(kill_with_children, house.process_of("speech").pid)
    assert not await counts(house, "transcripts_turn", "true")
    back = await house.again("speech", after=before, seconds=60)
    disturbed = await until(lambda: ready(house), seconds=READY_SECONDS, what="the transcript")
    print(f"{killed} processes killed; the worker was back after {back:.1f} s, the transcript there {disturbed:.1f} s later")
    [(attempts,)] = await house.ask("select attempts from transcripts_trackwork")
    assert attempts == 2
    after_the_kill = await house.ask(TURNS)
    print(*after_the_kill, sep="\n")
    assert {voice for _ordinal, voice, *_others in after_the_kill} >= {1, 2}  # a machine that speaks with gaps makes a third
    await house.ask(
        "with t as (delete from transcripts_turn), r as (update transcripts_transcript set state = 'working', ready_at = null) "
        "update transcripts_trackwork set state = 'waiting', attempts = 0, voices = null returning id"
    )
    print(f"undisturbed: {await until(lambda: ready(house), seconds=READY_SECONDS, what='the transcript'):.1f} s")
    assert await house.ask(TURNS) == after_the_kill


def kill_with_children(pid: int) -> int:
    """The worker and its pool at once, as the kernel kills a whole group; how many processes."""
    family = [*psutil.Process(pid).children(recursive=True), psutil.Process(pid)]
    for one in family:
        one.kill()
    return len(family)


async def counts(house: House, table: str, where: str) -> bool:
    return await house.count(table, where) > 0


async def half_done(house: House) -> bool:
    return await counts(house, "transcripts_chunktext", "true")


async def ready(house: House) -> bool:
    return await counts(house, "transcripts_transcript", "state = 'ready'")
