"""Pages and the API's answers go compressed to those who can read it; what is asked for by ranges never does."""

from __future__ import annotations

import gzip

import pytest

from suite.kernel import clock
from suite.meetings.services.rooms import room_create
from tests.people import organization, person
from tests.resources.pages import browser

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/meetings/", "/api/rooms/{slug}/"])
def test_what_is_read_goes_compressed_to_those_who_can_read_it(address):
    awa = person(organization())
    client, address = browser(awa), address.format(slug=room_create(viewer=awa, title="Budget " * 20, now=clock.now()).slug)
    client.defaults["HTTP_ACCEPT"] = "*/*"
    plain = client.get(address)
    assert plain.status_code == 200
    assert not plain.has_header("Content-Encoding")
    packed = client.get(address, headers={"accept-encoding": "gzip, deflate, br, zstd"})
    assert packed["Content-Encoding"] == "gzip"
    assert packed["Content-Length"] == str(len(packed.content))
    assert len(gzip.decompress(packed.content)) == len(plain.content)
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer["Vary"]


def test_the_same_page_has_no_length_that_tells_of_its_content():
    client = browser(person(organization()))
    lengths = {len(client.get("/meetings/", headers={"accept-encoding": "gzip"}).content) for _time in range(12)}
    assert len(lengths) > 4  # CSRF's mask alone makes a byte or two of difference
