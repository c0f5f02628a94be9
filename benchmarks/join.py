"""From the click on «Rejoindre» to the first frame of another person's picture on the page, in Chromium.

One person publishes camera and microphone from a Chromium of their own. A second one comes again and again: a fresh context
with an empty cache, the room's page, their own picture moving, a second of looking at it, the click. What counts is the first
call of `requestVideoFrameCallback` on a video element that shows a track of the peer connection's.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

from playwright.async_api import Browser, Page
from playwright.async_api import TimeoutError as TooLate

from benchmarks.report import begin, quantile, say
from benchmarks.running import running
from tests.journeys.browser import chromium, person
from tests.journeys.staff import until

FRAME_SECONDS = 20.0
WATCH = """
  window.__join = { clicked: null, frame: null };
  const remote = new Set();
  const Connection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Connection {
    constructor(...given) {
      super(...given);
      this.addEventListener('track', (event) => remote.add(event.track.id));
    }
  };
  addEventListener('click', (event) => {
    if (event.target.closest('button') !== null) window.__join.clicked ??= event.timeStamp;
  }, true);
  const watched = new WeakSet();
  const watch = (video) => video.requestVideoFrameCallback((now) => {
    const track = video.srcObject?.getVideoTracks()[0];
    if (track !== undefined && remote.has(track.id)) window.__join.frame ??= now;
    else watch(video);
  });
  const source = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject');
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', {
    ...source,
    set(stream) {
      source.set.call(this, stream);
      if (this instanceof HTMLVideoElement && !watched.has(this)) {
        watched.add(this);
        watch(this);
      }
    },
  });
"""


async def join(*, times: int, look_seconds: float) -> dict[str, Any]:
    async with running() as house, chromium() as publishing, chromium() as coming:
        awa = await person(publishing, "Awa Diallo")
        await awa.sign_in(house.url)
        await awa.page.get_by_role("button", name="Démarrer une réunion").click()
        await awa.page.wait_for_url("**/rooms/**")
        await awa.page.get_by_role("button", name="Rejoindre", exact=True).click()
        await awa.page.locator("li.tile").first.wait_for()
        bruno = await person(coming, "Bruno Martin")
        await bruno.sign_in(house.url)
        state = await bruno.context.storage_state()
        await bruno.context.close()
        seconds: list[float] = []
        for _number in range(times + 1):
            seconds.append(await _once(coming, state=state, address=awa.page.url, look_seconds=look_seconds))
            await _alone_again(awa.page)
    first, rest = seconds[0], seconds[1:]
    return {
        "times": len(rest),
        "p50_s": round(quantile(rest, 0.5), 3),
        "p95_s": round(quantile(rest, 0.95), 3),
        "most_s": round(max(rest), 3),
        "first_s": round(first, 3),
        "each_s": [round(one, 3) for one in rest],
    }


async def _once(browser: Browser, *, state: Any, address: str, look_seconds: float) -> float:
    context = await browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800}, storage_state=state)
    await context.grant_permissions(["camera", "microphone"])
    await context.add_init_script(WATCH)
    page = await context.new_page()
    try:
        await page.goto(address)
        await page.wait_for_function("() => [...document.querySelectorAll('video')].some((one) => one.videoWidth > 0)")
        await page.wait_for_timeout(look_seconds * 1000)
        await page.get_by_role("button", name="Rejoindre", exact=True).click()
        try:
            await page.wait_for_function("() => window.__join.frame !== null", timeout=FRAME_SECONDS * 1000)
        except TooLate:
            return FRAME_SECONDS
        found: float = await page.evaluate("() => window.__join.frame - window.__join.clicked")
    finally:
        await context.close()
    return found / 1000


async def _alone_again(page: Page) -> None:
    async def alone() -> bool:
        return await page.locator("li.tile").count() == 1

    await until(alone, seconds=60, what="the one who came is gone")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="measured joins; one more before them is not counted")
    parser.add_argument("--look", type=float, default=1.0, help="seconds between one's own moving picture and the click")
    given = parser.parse_args()
    head = begin("join")
    say(head | asyncio.run(join(times=given.times, look_seconds=given.look)))
