"""Debian's Firefox and Chromium in one room: what each decodes of the other rises, second by second.

`make test-firefox` installs `firefox-esr` where it may and runs this; elsewhere it is left out with a sentence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from tests.protocol.conftest import Server, running_server
from tests.protocol.firefox import PROGRAM, Firefox, FirefoxPage, firefox
from tests.protocol.streams import rising, shown
from tests.protocol.test_browser import CHROMIUM, CLIENT, Tab, browser, pages, single, tab
from tests.protocol.test_sections import PICTURES, PUBLISH, TURNS, few_sections, take_turns

__all__ = ["browser", "pages", "single", "tab"]  # fixtures of the browsers' tests
FirefoxTab = Callable[..., Awaitable[FirefoxPage]]
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not CHROMIUM.exists() or not CLIENT.exists(), reason="needs Debian's chromium and npm's packages"),
    pytest.mark.skipif(not PROGRAM, reason="needs a Firefox: `make test-firefox` installs Debian's, FIREFOX=… names another"),
]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One on all addresses: Firefox takes no way to another one of this machine from its loopback."""
    with running_server(tmp_path_factory.mktemp("rtc"), host="0.0.0.0") as started:
        yield started


@pytest.fixture
async def fox() -> AsyncIterator[Firefox]:
    async with firefox() as started:
        yield started


@pytest.fixture
def fox_tab(fox: Firefox, server: Server, room: str, pages: str) -> FirefoxTab:
    """Opens a page of Firefox and joins the test's room."""

    async def opened(identity: str, *, single: bool, **options: Any) -> FirefoxPage:
        page = await fox.open(pages)
        await shown(page, "window.ready")
        await page.evaluate("(given) => meet(...given)", [server.ws, server.token(identity, room), single, None, options])
        return page

    return opened


async def test_firefox_and_chromium_hear_and_see_each_other(tab: Tab, fox_tab: FirefoxTab, single: bool) -> None:
    both = {"fox": await fox_tab("fox", single=single), "chromium": await tab("chromium", single=single)}
    for page in both.values():
        await page.evaluate("publish()")
    pairs = {f"{reader}<-{writer}/{source}" for reader, writer in (("fox", "chromium"), ("chromium", "fox"))
             for source in ("camera", "microphone")}  # fmt: skip
    await rising(both, pairs, within=30)
    # Signalling is lost and resumed with new ICE credentials; then everything is begun anew.
    for scenario in ("signal-reconnect", "full-reconnect"):
        await both["fox"].evaluate("events.length = 0")
        await both["fox"].evaluate("(scenario) => room.simulateScenario(scenario)", scenario)
        await shown(both["fox"], "events.includes('reconnected') && room.state === 'connected'")
        await rising(both, pairs, seconds=2, within=30)


@pytest.mark.parametrize("codec", ["vp8", "vp9"])
async def test_codecs_both_ways(tab: Tab, fox_tab: FirefoxTab, single: bool, codec: str) -> None:
    both = {"fox": await fox_tab("fox", single=single), "chromium": await tab("chromium", single=single)}
    for page in both.values():
        await page.evaluate("(codec) => show(codec, { videoCodec: codec, backupCodec: false })", codec)
    seen = await rising(both, {f"fox<-chromium/{codec}", f"chromium<-fox/{codec}"}, within=30)
    assert (
        seen[f"fox<-chromium/{codec}"]["codec"].lower() == f"video/{codec}"
    )  # Firefox itself sends VP8 at livekit-client's wish


@pytest.mark.timeout(120 + 2 * TURNS)
@pytest.mark.parametrize(("single", "turns"), [(True, TURNS), (False, TURNS // 2)], ids=["one connection", "two connections"])
async def test_turns_leave_few_sections(tab: Tab, fox_tab: FirefoxTab, single: bool, turns: int) -> None:
    a = await tab("a", single=single, dynacast=False)
    await a.evaluate(PUBLISH, PICTURES)
    few_sections(await take_turns(await fox_tab("b", single=single, autoSubscribe=False), turns), turns)
