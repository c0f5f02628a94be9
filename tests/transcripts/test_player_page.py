"""The transcript's player in Chromium, with real sound from a real web process, under the page's own security policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from suite.accounts.viewer import Viewer
from suite.audit.models import Record
from suite.kernel import clock
from suite.meetings.models import CapturedTrack
from suite.meetings.services.captures import capture_stop, track_store
from suite.transcripts.pipeline.turns import Turn
from suite.transcripts.services import track_finish, track_queue
from tests.audit.worlds import recording, sitting
from tests.chromium import DESK, TELEPHONE, Complaints, chromium, in_database, signed_in, violations
from tests.people import session_of
from tests.sounds import tone, write_opus

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.journey, pytest.mark.slow]
SECONDS = 30.0
SAID = [
    Turn("", None, 2.0, 5.0, "Bonjour à tous"),
    Turn("", None, 8.0, 10.0, "Commençons"),
    Turn("", None, 20.0, 29.0, "La suite"),
]


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    found = Complaints()
    yield found
    assert found == []


@pytest.fixture
def said(engines: None, settings, tmp_path: Path) -> tuple[Viewer, str]:
    """Who may listen, and where."""
    settings.SPEECH = True
    at = sitting()
    track = recording(at)
    path = write_opus(tmp_path / "sound.ogg", (0.0, tone(SECONDS)))
    with path.open("rb") as content:
        track_store(egress_id=track.egress_id, content=content, started_at=track.agreed_at, now=clock.now())
    capture_stop(capture=track.capture, actor=at.awa.ref, now=clock.now() + timedelta(seconds=SECONDS))
    work = track_queue(track=CapturedTrack.objects.get(), now=clock.now())
    track_finish(work=work, turns=SAID, now=clock.now())
    return at.awa, f"/transcripts/{work.transcript_id}/"


def heard(page: Page) -> tuple[float, bool]:
    """Where the sound is, and whether it plays."""
    at, paused = page.evaluate("(() => { const a = document.querySelector('audio'); return [a.currentTime, a.paused]; })()")
    return float(at), not paused


def plays_from(page: Page, second: float) -> None:
    page.wait_for_function(
        "(s) => { const a = document.querySelector('audio'); return !a.paused && a.currentTime > s && a.currentTime < s + 3; }",
        arg=second,
    )


@pytest.mark.parametrize("size", [DESK, TELEPHONE], ids=["desk", "telephone"])
def test_a_turn_is_heard_and_the_player_moves(web, said, complaints, size):
    awa, address = said
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints, size)
        page.goto(address)
        player = page.get_by_role("region", name="Son")
        expect(player).to_be_hidden()
        second = page.get_by_role("button", name="Écouter à partir de 0:08")
        second.focus()
        page.keyboard.press("Enter")
        plays_from(page, 7.7)
        expect(player).to_be_visible()
        assert violations(page) == []
        plays_from(page, 19.7)  # nobody speaks from second 10 to 20: it goes on with who speaks next
        expect(page.locator(".transcript__turn[aria-current]")).to_contain_text("La suite")
        player.get_by_role("button", name="Pause").click()
        expect(player.get_by_role("button", name="Écouter", exact=True)).to_be_visible()
        assert not heard(page)[1]
        place = player.get_by_role("slider", name="Position dans la réunion")
        place.focus()
        page.keyboard.press("ArrowRight")
        plays_from(page, 24.5)
        player.get_by_role("button", name="Prise de parole précédente").click()
        plays_from(page, 7.7)
        player.get_by_label("Vitesse").select_option("2")
        assert page.evaluate("document.querySelector('audio').playbackRate") == 2
        page.keyboard.press("Escape")
        expect(player).to_be_hidden()
        expect(second).to_be_focused()
    assert in_database(lambda: Record.objects.filter(action="transcripts.transcript.listened").count()) == 1


def test_a_lost_line_is_said(web, said, complaints):
    awa, address = said
    session = session_of(awa)
    with chromium() as browser:
        page = signed_in(browser, web, session, complaints)
        page.goto(address)
        page.route("**/sounds/**", lambda route: route.abort())
        page.get_by_role("button", name="Écouter à partir de 0:02").click()
        expect(page.get_by_text("Le son ne peut pas être lu pour le moment")).to_be_visible()
        complaints.clear()  # the browser's own, of the line
