"""Sections of a connection are used again: turns of following and leaving, each shown by its event and by frames.

`SECTION_TURNS=500` takes as many turns as it says; fewer do in CI.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.protocol.streams import Evaluates, shown
from tests.protocol.test_browser import Tab, browser, pages, pytestmark, tab

__all__ = ["browser", "pages", "pytestmark", "tab"]  # fixtures and marks of the browsers' tests

TURNS = int(os.environ.get("SECTION_TURNS", "30"))
PICTURES = 4
PEAK = {"video": 3, "audio": 1}  # tracks that are followed at once
SPARE = 2
PUBLISH = """async (count) => {
  for (let number = 0; number < count; number++)
    await show(`picture ${number}`, { width: 160, height: 90, simulcast: false, videoCodec: "vp8" });
  await room.localParticipant.setMicrophoneEnabled(true);
}"""
# One turn: follow a track, wait for its event and for what is decoded of it; leave the oldest of three.
TAKE = """(count) => void (async () => {
  const manager = room.engine.pcManager;
  const connection = (manager.subscriber ?? manager.publisher)._pc;
  let tracks = 0;
  connection.addEventListener("track", () => tracks++);
  const subscribed = new Map();
  room.on("trackSubscribed", (track, publication) => subscribed.get(publication)?.(track));
  const left = new Map();
  room.on("trackUnsubscribed", (track, publication) => left.get(publication)?.());
  const deadline = (what, promise) => Promise.race([promise,
    new Promise((_, no) => setTimeout(() => no(new Error(what)), 10_000))]);
  const all = [...room.remoteParticipants.get("a").trackPublications.values()];
  const held = [], times = [];
  for (let turn = 0; turn < count; turn++) {
    const publication = all[turn % all.length], began = performance.now();
    const arrived = new Promise((yes) => subscribed.set(publication, yes));
    publication.setSubscribed(true);
    const track = await deadline(`turn ${turn}: no event for ${publication.trackName}`, arrived);
    await deadline(`turn ${turn}: nothing decoded of ${publication.trackName}`, (async () => {
      while (!((await received(track))?.decoded > 0)) await new Promise((go) => setTimeout(go, 20));
    })());
    times.push(performance.now() - began);
    held.push(publication);
    for (const most = 1 + (turn % 3); held.length > most; ) {
      const oldest = held.shift(), gone = new Promise((yes) => left.set(oldest, yes));
      oldest.setSubscribed(false);
      await deadline(`turn ${turn}: ${oldest.trackName} stays`, gone);
    }
  }
  const kinds = [...connection.remoteDescription.sdp.matchAll(/^m=(audio|video)/gm)].map((found) => found[1]);
  const sections = { audio: 0, video: 0 };
  for (const kind of kinds) sections[kind]++;
  return { tracks, times, sections };
})().then((taken) => { window.taken = taken; }, (error) => { window.taken = { error: error.message }; })"""


async def take_turns(page: Evaluates, turns: int) -> dict[str, Any]:
    """`turns` turns in a page that follows nothing yet."""
    await shown(page, f"room.remoteParticipants.get('a')?.trackPublications.size === {PICTURES + 1}")
    await page.evaluate(TAKE, turns)
    taken = await shown(page, "window.taken", within=10 + 2 * turns)
    return dict(taken)


def few_sections(taken: dict[str, Any], turns: int) -> None:
    """Every turn had its event and its frames, and no more sections are left than were needed at once, and two."""
    assert "error" not in taken, taken["error"]
    times = sorted(taken["times"])
    print(f"{turns} turns: median {times[len(times) // 2]:.0f} ms, longest {times[-1]:.0f} ms, {taken['sections']}")
    assert taken["tracks"] == turns
    assert all(count <= PEAK[kind] + SPARE for kind, count in taken["sections"].items()), taken["sections"]


@pytest.mark.timeout(60 + 2 * TURNS)
@pytest.mark.parametrize(("single", "turns"), [(True, TURNS), (False, TURNS // 2)], ids=["one connection", "two connections"])
async def test_turns_leave_few_sections_and_each_is_seen(tab: Tab, single: bool, turns: int) -> None:
    a = await tab("a", single=single, dynacast=False)
    await a.evaluate(PUBLISH, PICTURES)
    few_sections(await take_turns(await tab("b", single=single, autoSubscribe=False), turns), turns)
