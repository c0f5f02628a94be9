"""Over a network without UDP, and over IPv6: sound and pictures arrive, in Chromium and in the Python SDK."""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.protocol.conftest import Server
from tests.protocol.network import PORT, SERVER, SERVER_6, Network, arguments, network, pages, selected
from tests.protocol.streams import shown
from tests.protocol.test_browser import ARGUMENTS, CHROMIUM, CLIENT, PAGE, moving

WITHIN = 5.0  # s from the beginning of the join to the first sound
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM.exists() or not CLIENT.exists(), reason="needs Debian's chromium and npm's packages"),
]


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Network]:
    with network(tmp_path) as made:
        yield made


@pytest.fixture
async def browser(machines: Network) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        given = [*ARGUMENTS, *arguments(f"{SERVER}:8000", f"[{SERVER_6}]:8000")]
        started = await playwright.chromium.launch(executable_path=str(machines.chromium()), args=given)
        yield started
        await started.close()


async def opened(browser: Browser, address: str) -> Page:
    """A page that is ready to join."""
    context = await browser.new_context(permissions=["camera", "microphone"])
    page = await context.new_page()
    await page.goto(address)
    await page.wait_for_function("window.ready")
    return page


async def join(page: Page, server: Server, identity: str, *, at: str = SERVER, single: bool = True) -> None:
    """Join; the room is the test's alone, as its server is."""
    host = f"[{at}]" if ":" in at else at
    await page.evaluate("([u, t, s]) => meet(u, t, s)", [f"ws://{host}:{PORT}", server.token(identity, "r"), single])


async def enter(
    browser: Browser, address: str, server: Server, identity: str, *, at: str = SERVER, single: bool = True
) -> Page:
    """Open a page and join."""
    page = await opened(browser, address)
    await join(page, server, identity, at=at, single=single)
    return page


@pytest.mark.parametrize("single", [True, False], ids=["one connection", "two connections"])
async def test_sound_arrives_without_udp(machines: Network, browser: Browser, single: bool) -> None:
    if not shutil.which("nft"):
        pytest.skip("needs nftables to drop datagrams")
    server = machines.media_server()
    address = pages(machines, {"page.html": PAGE, "livekit-client.mjs": CLIENT})
    machines.without_udp()
    speaker = await enter(browser, address, server, "speaker", single=single)
    await speaker.evaluate("publish()")
    listener = await opened(browser, address)
    began = time.monotonic()
    await join(listener, server, "listener", single=single)
    await shown(listener, "async () => (await streams())['speaker/microphone']?.decoded > 0")
    assert time.monotonic() - began < WITHIN
    await moving(listener)
    assert selected(await listener.evaluate("pair()"))[2] == "tcp"
    assert selected(await speaker.evaluate("pair()"))[2] == "tcp"


async def test_sound_arrives_without_udp_in_the_python_sdk(machines: Network) -> None:
    if not shutil.which("nft"):
        pytest.skip("needs nftables to drop datagrams")
    server = machines.media_server()
    machines.without_udp()
    for identity in ("one", "two"):
        command = [sys.executable, "-m", "tests.protocol.listener", f"ws://{SERVER}:{PORT}", server.token(identity, "r")]
        machines.start("client", *command, log=f"{identity}.log")
    end = time.monotonic() + 30
    while not (heard := _heard(machines, "two")):
        assert time.monotonic() < end, (machines.folder / "two.log").read_text()
        await asyncio.sleep(0.05)
    assert heard < WITHIN
    assert not re.search(r'"level": "error"', server.log.read_text())


def _heard(machines: Network, identity: str) -> float:
    found = re.search(r"^heard ([0-9.]+)$", (machines.folder / f"{identity}.log").read_text(), re.MULTILINE)
    return float(found[1]) if found else 0.0


async def test_media_takes_ipv6_where_there_is_nothing_else(machines: Network, browser: Browser) -> None:
    server = machines.media_server()
    address = pages(machines, {"page.html": PAGE, "livekit-client.mjs": CLIENT})
    speaker = await enter(browser, address, server, "speaker")
    await speaker.evaluate("publish()")
    assert "fd83::1" in await speaker.evaluate("room.engine.pcManager.publisher._pc.remoteDescription.sdp")
    # Datagrams of IPv4 are dropped: what is left is IPv6's.
    if shutil.which("nft"):
        rules = (
            "add table ip test; add chain ip test out { type filter hook output priority 0; };"
            "add rule ip test out meta l4proto udp drop"
        )
        machines.do("client", "nft", rules)
    listener = await enter(browser, address, server, "listener", at=SERVER_6)
    await moving(listener)
    assert (await listener.evaluate("pair()"))["remote"]["address"] == SERVER_6
    assert (await listener.evaluate("pair()"))["remote"]["protocol"] == "udp"
