"""livekit-client in Chromium against our server: two tabs that see each other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.protocol.conftest import ROOT, Server, until
from tests.protocol.pages import serving

CHROMIUM = Path("/usr/bin/chromium")
CLIENT = ROOT / "node_modules" / "livekit-client" / "dist" / "livekit-client.esm.mjs"
PAGE = Path(__file__).with_name("page.html")
FILES = {
    "/livekit-client.mjs": (CLIENT, "text/javascript"),
    "/livekit-client.e2ee.worker.mjs": (CLIENT.with_name("livekit-client.e2ee.worker.mjs"), "text/javascript"),
    "/livekit-client.fm.worker.mjs": (CLIENT.with_name("livekit-client.fm.worker.mjs"), "text/javascript"),
}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
Tab = Callable[..., Awaitable[Page]]
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM.exists() or not CLIENT.exists(), reason="needs Debian's chromium and npm's packages"),
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with serving(PAGE, FILES) as address:
        yield address


@pytest.fixture
def tab(browser: Browser, server: Server, room: str, pages: str) -> Callable[..., Awaitable[Page]]:
    """Opens a page and joins the test's room."""

    async def opened(identity: str, *, single: bool, **options: Any) -> Page:
        context = await browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        await page.goto(pages)
        await page.wait_for_function("window.ready")
        arguments = [server.ws, server.token(identity, room), single, options.pop("rtcConfig", None), options]
        await page.evaluate("(given) => meet(...given)", arguments)
        return page

    return opened


async def moving(page: Page) -> None:
    """Frames are decoded, and then more."""
    before = await page.evaluate("decoded()")
    await page.wait_for_function("(before) => decoded() > before + 10", arg=before, timeout=20_000)


@pytest.fixture(params=[True, False], ids=["one connection", "two connections"])
def single(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_two_tabs_see_each_other(tab: Tab, server: Server, single: bool) -> None:
    a = await tab("a", single=single)
    b = await tab("b", single=single)
    await a.evaluate("publish()")
    await b.evaluate("publish()")
    await moving(a)
    await moving(b)
    port = await a.evaluate(PORTS)
    connections = server.worker().net_connections(kind="udp")
    assert port == connections[0].laddr.port


PORTS = """async () => {
  const manager = room.engine.pcManager;
  const stats = await (manager.subscriber ?? manager.publisher)._pc.getStats();
  const pair = [...stats.values()].find((s) => s.type === "candidate-pair" && s.nominated && s.state === "succeeded");
  return stats.get(pair.remoteCandidateId).port;
}"""


async def test_a_camera_that_comes_back_is_seen_again(tab: Tab, single: bool) -> None:
    a = await tab("a", single=single)
    b = await tab("b", single=single)
    await a.evaluate("publish()")
    await moving(b)
    for _ in range(2):
        await a.evaluate("unpublish()")
        await b.wait_for_function("!document.querySelector('video')")
        await a.evaluate("room.localParticipant.setCameraEnabled(true)")
        await b.wait_for_function("document.querySelector('video')", timeout=15_000)
        await moving(b)


async def test_pictures_go_on_over_a_resume_and_a_fresh_start(tab: Tab, single: bool) -> None:
    a = await tab("a", single=single)
    b = await tab("b", single=single)
    await a.evaluate("publish()")
    await moving(b)
    for scenario, stays in (("signal-reconnect", True), ("full-reconnect", False)):
        before = await b.evaluate("room.localParticipant.sid")
        await b.evaluate("events.length = 0")
        await b.evaluate("(s) => room.simulateScenario(s)", scenario)
        back = "events.includes('reconnected') && room.state === 'connected' && document.querySelector('video')"
        await b.wait_for_function(back, timeout=20_000)
        assert (await b.evaluate("room.localParticipant.sid") == before) is stays
        await moving(b)


async def test_a_muted_microphone_is_shown_and_a_removed_person_leaves(tab: Tab, server: Server, room: str) -> None:
    import aiohttp

    a = await tab("a", single=True)
    b = await tab("b", single=True)
    await a.evaluate("publish()")
    await moving(b)
    await a.evaluate("room.localParticipant.setMicrophoneEnabled(false)")
    await b.wait_for_function("events.includes('trackMuted')")
    body: dict[str, Any] = {"room": room, "identity": "a"}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {server.admin(room)}"}) as http,
        http.post(f"{server.http}/twirp/livekit.RoomService/RemoveParticipant", json=body) as answer,
    ):
        assert answer.status == 200
    await a.wait_for_function("events.includes('disconnected')")
    await until(lambda: any(w["event"] == "participant_left" and w["room"]["name"] == room for w in server.webhooks))
