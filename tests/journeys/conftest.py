"""One house for the proofs of a file, and the people who come to it."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from suite.runtime.engines import addresses
from suite.runtime.house import tables_digest
from tests.journeys.house import House, free_port
from tests.journeys.staff import Staff
from tests.whole import whole_suite

Come = Callable[[str | None], Awaitable[Staff]]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a first start leaves: each house begins with a copy, which saves it the making of a database."""
    var = tmp_path_factory.mktemp("furnished") / "var"
    with whole_suite(var) as run:
        run.end()
    (var / "ports.json").unlink()  # each house asks for its own
    return var


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the house stands."""
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def var(ground: Path, furnished: Path) -> Path:
    """The house's folder, whose tables are those of the copy."""
    made = ground / "var"
    subprocess.run(["cp", "--archive", str(furnished), str(made)], check=True)  # with its owners
    (made / "stamps" / "tables").write_text(tables_digest(addresses(made)["DATABASE_OWNER_URL"]))
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(request: pytest.FixtureRequest, var: Path) -> AsyncIterator[House]:
    """The whole Suite, started as the file's `HOUSE` says; its log is shown where a proof fails."""
    one = House(var=var, port=free_port(), **getattr(request.module, "HOUSE", {}))
    try:
        await one.start()
        yield one
    finally:
        if one.process is not None and one.process.returncode is None:
            await one.stop()
        print(one.log[-6000:])


@pytest_asyncio.fixture(loop_scope="module")
async def staff(house: House) -> AsyncIterator[Come]:
    """Somebody who signs in (with a name of the demonstration's) or a guest (None); they leave with the test."""
    came: list[Staff] = []

    async def come(name: str | None) -> Staff:
        one = Staff(house.url, name)
        came.append(one)
        if name is not None:
            await one.sign_in()
        return one

    yield come
    for one in reversed(came):
        await one.close()
