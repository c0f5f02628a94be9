"""One whole Suite for these files, whose tests stay with one worker, and a Chromium for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from tests.journeys.browser import chromium
from tests.whole import Whole, whole_suite


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    with whole_suite(tmp_path_factory.mktemp("seen") / "var", options=()) as run:
        run.url = run.url.rstrip("/")
        yield run


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as one:
        yield one
