"""Hours are the reader's: their browser's zone where it told one, the server's where not."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from suite.kernel.zones import COOKIE, zone_of
from suite.meetings.services.rooms import room_create
from tests.people import organization, person
from tests.resources.pages import browser, page

pytestmark = pytest.mark.django_db

AT = datetime(2025, 7, 14, 21, 30, tzinfo=UTC)


@pytest.fixture
def awa():
    viewer = person(organization())
    room_create(viewer=viewer, title="Budget", now=AT)
    return viewer


@pytest.mark.parametrize(
    ("zone", "said", "exact"),
    [
        ("", "14 juillet 2025 à 23:30", "14 juillet 2025 à 23:30 (UTC+02:00)"),
        ("America/Cayenne", "14 juillet 2025 à 18:30", "14 juillet 2025 à 18:30 (UTC-03:00)"),
        ("Indian/Reunion", "15 juillet 2025 à 01:30", "15 juillet 2025 à 01:30 (UTC+04:00)"),
        ("Atlantis/Sunken", "14 juillet 2025 à 23:30", "14 juillet 2025 à 23:30 (UTC+02:00)"),
    ],
)
def test_a_page_tells_the_hour_of_who_reads_it(awa, zone, said, exact):
    client = browser(awa, "fr")
    client.cookies[COOKIE] = zone
    assert f'<time datetime="2025-07-14T21:30:00+00:00" title="{exact}">le {said}</time>' in re.findall(
        r"<time.*?</time>", page(client, "/meetings/")
    )
    del client.cookies[COOKIE]
    assert "(UTC+02:00)" in page(client, "/meetings/")  # nobody's zone stays behind for the next reader


@pytest.mark.parametrize("name", ["", "Europe", "../../etc/passwd", "/etc/passwd", "a" * 5000, "a\0b", "zone.tab", "é", "."])
def test_what_is_no_zone_is_the_servers(name):
    assert zone_of(name) is None
