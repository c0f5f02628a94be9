"""A line that is cut in the middle of everything: signalling is reset, media dropped for seconds; then all goes on.

Nobody's reliable messages are lost, doubled or out of order, whoever was cut off wrote or read them; pictures go on, on the
same connection with new ICE credentials.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.protocol.conftest import until
from tests.protocol.network import PORT, SERVER, Network, arguments, network, pages
from tests.protocol.streams import rising, shown
from tests.protocol.test_browser import ARGUMENTS, CLIENT, PAGE, pytestmark
from tests.protocol.test_reach import enter

__all__ = ["pytestmark"]  # the marks of the browsers' tests

COUNT = 80  # numbers that each writes, one in 50 ms
LINES = (("sdk", "page"), ("sdk", "steady"), ("steady", "page"), ("steady", "sdk"))  # who reads whom
CUT = 2.0  # seconds
WRITE = """(count) => {
  window.numbers = {};
  room.on("dataReceived", (payload, who) => {
    const text = new TextDecoder().decode(payload);
    if (text !== "go") (numbers[who?.identity] ??= []).push(Number(text));
  });
  window.write = async () => {
    for (let number = 0; number < count; number++) {
      await room.localParticipant.publishData(new TextEncoder().encode(`${number}`), { reliable: true });
      await new Promise((go) => setTimeout(go, 50));
    }
  };
}"""
GO = "() => room.localParticipant.publishData(new TextEncoder().encode('go'), { reliable: true })"
RULES = (
    "add table inet cut; add chain inet cut out { type filter hook output priority 0; };"
    "add chain inet cut in { type filter hook input priority 0; };"
    "add rule inet cut out meta l4proto udp drop; add rule inet cut in meta l4proto udp drop"
)
CREDENTIALS = """() => {
  const manager = room.engine.pcManager;
  return (manager.subscriber ?? manager.publisher)._pc.remoteDescription.sdp.match(/^a=ice-ufrag:(.*)$/m)[1];
}"""


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Network]:
    if not shutil.which("nft") or not shutil.which("ss"):
        pytest.skip("needs nftables and ss to cut a line")
    with network(tmp_path) as made:
        yield made


@pytest.fixture
async def browser(machines: Network) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        given = [*ARGUMENTS, *arguments(f"{SERVER}:8000")]
        started = await playwright.chromium.launch(executable_path=str(machines.chromium()), args=given)
        yield started
        await started.close()


def read(machines: Network, reader: str, writer: str) -> list[int]:
    log = (machines.folder / f"{reader}.log").read_text()
    return [int(number) for number in re.findall(rf"^read {writer} (\d+)$", log, re.MULTILINE)]


async def test_a_cut_line_loses_and_doubles_nothing(machines: Network, browser: Browser) -> None:
    server = machines.media_server()
    address = pages(machines, {"page.html": PAGE, "livekit-client.mjs": CLIENT})
    started = {}
    for identity, end, connections in (("sdk", "client", "two"), ("steady", "server", "one")):
        command = [sys.executable, "-m", "tests.protocol.numbers", f"ws://{SERVER}:{PORT}", server.token(identity, "r")]
        started[identity] = machines.start(end, *command, str(COUNT), connections, log=f"{identity}.log")
    page = await enter(browser, address, server, "page", single=True)
    await page.evaluate(WRITE, COUNT)
    seen = await enter(browser, address, server, "seen", single=False)
    await seen.evaluate("show('picture')")
    await rising({"page": page}, {"page<-seen/picture"}, seconds=1)
    before = await page.evaluate(CREDENTIALS)
    for identity, process in started.items():
        machines.said(f"{identity}.log", "connected", process)
    await page.evaluate(GO)
    writing = asyncio.create_task(page.evaluate("write()"))
    await until(lambda: len(read(machines, "steady", "page")) > COUNT // 5)
    machines.do("client", "nft", RULES)
    machines.do("client", "ss", "-K", "dst", SERVER, "dport", "=", str(PORT))
    await asyncio.sleep(CUT)
    machines.do("client", "nft", "delete table inet cut")
    await writing
    everything = list(range(COUNT))
    for reader, writer in LINES:
        await until(lambda reader=reader, writer=writer: len(read(machines, reader, writer)) >= COUNT)
    for writer in ("sdk", "steady"):
        await shown(page, f"numbers['{writer}']?.length >= {COUNT}")
    await rising({"page": page}, {"page<-seen/picture"}, seconds=2)
    for reader, writer in LINES:
        assert read(machines, reader, writer) == everything, (reader, writer)
    assert await page.evaluate("numbers") == {"sdk": everything, "steady": everything}
    assert await page.evaluate("events.includes('reconnected') && !events.includes('disconnected')")
    assert await page.evaluate(CREDENTIALS) != before
    for identity in ("sdk", "steady"):
        assert "disconnected" not in (machines.folder / f"{identity}.log").read_text().split()
    assert "reconnected" in (machines.folder / "sdk.log").read_text()
    assert not re.search(r'"level": "error"', server.log.read_text())
