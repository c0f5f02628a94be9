"""A disk that fills while everything runs: a sentence at each door, nothing committed is lost, and room again heals it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.journeys.conftest import Come
from tests.journeys.house import House
from tests.journeys.staff import Staff, until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.xdist_group("whole"),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
]
HOUSE = {"speech": False}
DISK_MB = 700
FRENCH = {"Accept": "text/html", "Accept-Language": "fr"}
MEETINGS_MOST = 2000


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of its own, small enough to be filled."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "suite-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("a file system of one's own needs the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_disk_that_fills_is_a_sentence_and_loses_nothing(house: House, ground: Path, staff: Come) -> None:
    awa = await staff("Awa Diallo")
    made = [await start(awa)]
    with filled(ground):
        while (slug := await start(awa)) and len(made) < MEETINGS_MOST:
            made.append(slug)
        assert not slug, "the disk took whatever came"
        refused = await awa.post("/api/rooms/", {"title": "Point"})
        assert refused.status == 503
        assert "Il n’y a plus de place pour garder ceci" in (await refused.json())["message"]
        page = await awa.get("/", FRENCH)
        assert page.status in {200, 503}
        print(f"{len(made)} meetings were made on a full disk; home answers {page.status}")
    await until(lambda: starts(awa, made), seconds=20, what="a meeting can be started again")
    assert {slug for (slug,) in await house.ask("select slug from meetings_room")} >= set(made)


async def test_a_log_that_finds_no_room_stops_the_database_until_there_is_some(house: House, ground: Path, staff: Come) -> None:
    """PostgreSQL ends where its log cannot go on; it comes back by itself, with all that it had said yes to."""
    awa = await staff("Awa Diallo")
    made = [await start(awa)]
    with filled(ground):
        before = house.restarts("postgres")

        async def ended() -> bool:
            """Write until it does: where a crash frees what its last file had begun to take, it goes on for a while."""
            with contextlib.suppress(psycopg.OperationalError):  # the connection breaks
                await house.ask("select 1 from pg_logical_emit_message(false, 'test', repeat('x', 1000000))")
            return await went(house, before)

        await until(ended, seconds=90, what="the database ends", every=0)
        page = await awa.get("/", FRENCH)
        assert page.status == 503
        assert "Réessayer" in await page.text()
    await until(lambda: starts(awa, made), seconds=60, what="the database is back")
    assert {slug for (slug,) in await house.ask("select slug from meetings_room")} >= {slug for slug in made if slug}


async def start(one: Staff) -> str:
    """A new room's slug, or nothing where it was refused with a sentence."""
    answer = await one.post("/api/rooms/", {"title": f"Point {uuid.uuid4()}"})
    said = await answer.json()
    assert answer.status in {201, 503}, said
    return str(said["slug"]) if answer.status == 201 else ""


async def starts(one: Staff, made: list[str]) -> bool:
    slug = await start(one)
    made += [slug] if slug else []
    return bool(slug)


async def went(house: House, before: dict[str, int]) -> bool:
    process = house.process_of("postgres")
    return process.restarts > before["postgres"] or process.state != "ready"


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """No block of the file system is free inside."""
    file = disk / "filling"
    with file.open("wb", buffering=0) as out:
        for size in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while out.write(bytes(size)):
                    pass
    try:
        yield
    finally:
        file.unlink()
