"""Meetings and people that went away without a word, against a media server of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from websockets.sync.client import connect

from suite.accounts.models import SignIn
from suite.accounts.viewer import Viewer
from suite.audit.models import Record
from suite.kernel import clock
from suite.meetings.errors import MediaServerSilent
from suite.meetings.models import Meeting, Participation, ParticipationState
from suite.meetings.reconciliation import reconcile
from tests.meetings.doors import a_room, browser, join
from tests.people import session_of
from tests.protocol.conftest import DEV_KEY, DEV_SECRET, Server, running_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("reconciliation")]
QUIET = timedelta(seconds=120)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("media")) as server:
        yield server


@pytest.fixture
def server(running: Server, settings, engines: None) -> Server:
    settings.LIVEKIT_API_URL, settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET = running.http, DEV_KEY, DEV_SECRET
    return running


@pytest.fixture
def entry(awa: Viewer) -> dict[str, str]:
    """Awa's, who was in the meeting: its media server never said that she went."""
    entry = join(browser(awa), a_room(browser(awa)))
    long_ago = clock.now() - timedelta(hours=1)
    Participation.objects.update(admitted_at=long_ago, joined_at=long_ago)
    return entry


def test_a_meeting_in_which_nobody_is_ends_as_the_systems_act(server, entry):
    now = clock.now()
    reconcile(now=now)
    reconcile(now=now + QUIET / 2)
    assert Meeting.objects.get().ended_at is None
    reconcile(now=now + QUIET)
    assert Meeting.objects.get().ended_at is not None
    assert Participation.objects.get().state == ParticipationState.LEFT
    assert Record.objects.get(action="meetings.meeting.ended").actor_kind == "system"


def test_a_meeting_that_somebody_is_in_goes_on_without_those_who_are_gone(server, entry, bruno):
    slug = Meeting.objects.get().room_slug
    there = join(browser(bruno), slug)
    Participation.objects.update(admitted_at=clock.now() - timedelta(hours=1), joined_at=clock.now())
    token = server.token(there["participation_id"], there["meeting_id"])
    with connect(f"{server.ws}/rtc?access_token={token}") as socket:
        socket.recv(timeout=10)
        for waited in (timedelta(), QUIET):
            reconcile(now=clock.now() + waited)
    assert Meeting.objects.get().ended_at is None
    assert Participation.objects.get(id=entry["participation_id"]).left_at is not None
    assert Participation.objects.get(id=there["participation_id"]).left_at is None


@pytest.mark.parametrize(
    "expected", [{"state": "admitted", "admitted_at": timedelta(seconds=-1)}, {"state": "waiting", "asked_at": -QUIET}]
)
def test_somebody_who_comes_or_waits_keeps_it_open(server, entry, expected):
    now = clock.now() + QUIET
    times = {name: now + value for name, value in expected.items() if isinstance(value, timedelta)}
    reconcile(now=now - QUIET)
    Participation.objects.update(state=expected["state"], joined_at=None, **times)
    reconcile(now=now)
    assert Meeting.objects.get().ended_at is None


def test_who_is_signed_in_nowhere_any_more_is_taken_out(server, awa, bruno):
    """A page leaves by itself; a client of somebody's own making stays in the call until it is told."""
    slug = a_room(browser(awa))
    ids = [join(browser(who), slug, name="Odile")["participation_id"] for who in (awa, bruno, None)]
    Participation.objects.update(state="admitted", admitted_at=clock.now(), joined_at=clock.now())
    SignIn.objects.update(signed_in_at=clock.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE))
    session_of(bruno)  # in another browser
    reconcile(now=clock.now())
    assert [Participation.objects.get(id=one).state for one in ids] == ["removed", "admitted", "admitted"]
    removal = Record.objects.get(action="meetings.participant.removed")
    assert (removal.actor_kind, str(removal.target_id)) == ("system", ids[0])


def test_a_silent_media_server_ends_nothing(entry, settings, engines):
    settings.LIVEKIT_API_URL = "http://127.0.0.1:9"
    with pytest.raises(MediaServerSilent):
        reconcile(now=clock.now() + QUIET)
    assert Meeting.objects.get().ended_at is None
