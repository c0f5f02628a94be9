"""Stars and what was opened last: one's own, of any kind, as long as one may read it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suite.audit.models import Record
from suite.chat.services.channels import direct_channel_open
from suite.documents.services import document_create
from suite.kernel import clock
from suite.resources.models import LinkReach, Opening, Resource, ResourceRole
from suite.resources.services.accesses import access_grant, access_revoke
from suite.resources.services.recents import resource_opened
from tests.callers import Caller
from tests.resources.channels import channel_of
from tests.resources.pages import browser, page, send

pytestmark = pytest.mark.django_db


def acts(action):
    return Record.objects.filter(action=action).count()


def test_a_star_is_put_and_taken_away_once(awa, bruno, resource):
    caller, address = Caller(awa), f"/api/resources/{resource.id}/favourite/"
    assert caller.put(address).json() == caller.put(address).json() == {"favourite": True}
    assert caller.get(f"/api/documents/{resource.id}/").json()["favourite"] is True
    assert caller.delete(address).json() == caller.delete(address).json() == {"favourite": False}
    assert (acts("resources.favourite.added"), acts("resources.favourite.removed")) == (1, 1)
    assert Caller(bruno).put(address).status_code == 404


def test_favourites_are_ones_own_and_on_home_and_in_the_list(awa, bruno, resource):
    access_grant(resource=resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    client = browser(awa)
    assert send(client, f"/resources/{resource.id}/favourite/", next="/documents/?shown=mine") == "/documents/?shown=mine"
    assert "Note" in page(client, "/documents/?shown=favourites")
    assert 'id="favourites"' in page(client, "/")
    assert "Note" not in page(browser(bruno), "/documents/?shown=favourites")
    assert send(client, f"/resources/{resource.id}/favourite/", next="https://evil.example/") == "/"
    assert "Note" not in page(client, "/documents/?shown=favourites")


def test_taking_a_mark_away_leaves_ones_others_and_everybody_elses(awa, bruno, resource):
    access_grant(resource=resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    channel, caller = channel_of(awa), Caller(awa)
    for viewer, one in ((awa, resource.id), (awa, channel.pk), (bruno, resource.id)):
        Caller(viewer).put(f"/api/resources/{one}/favourite/")
    caller.delete(f"/api/resources/{resource.id}/favourite/")
    assert caller.get(f"/api/documents/{resource.id}/").json()["favourite"] is False
    assert caller.get(f"/api/channels/{channel.pk}/").json()["favourite"] is True
    assert Caller(bruno).get(f"/api/documents/{resource.id}/").json()["favourite"] is True


def test_a_channel_has_its_star_and_its_other_persons_name(awa, bruno):
    channel = channel_of(awa)
    direct = direct_channel_open(viewer=awa, user_id=bruno.user_id, now=clock.now())
    caller = Caller(awa)
    for one in (channel, direct):
        caller.put(f"/api/resources/{one.pk}/favourite/")
    assert caller.get(f"/api/channels/{channel.pk}/").json()["favourite"] is True
    home = page(browser(awa), "/")
    assert home.count("Budget") == 2  # among the messages and among the favourites
    assert home.count("Bruno Petit") == 2


def test_what_may_not_be_read_any_more_is_in_no_list(awa, bruno, resource):
    access = access_grant(resource=resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    client = browser(bruno)
    page(client, f"/documents/{resource.id}/")
    send(client, f"/resources/{resource.id}/favourite/")
    assert page(client, "/").count("Note") == 2
    access_revoke(access=access, actor=awa.ref, now=clock.now())
    assert "Note" not in page(client, "/")
    assert "Note" not in page(client, "/documents/?shown=recent")


def test_recents_are_what_was_opened_latest_first_by_link_too(awa, bruno, resource):
    other = document_create(
        organization_id=awa.organization_id, title="Compte rendu", owner_id=awa.user_id, actor=awa.ref, now=clock.now()
    )
    Resource.objects.update(link_reach=LinkReach.ORGANIZATION)
    client = browser(bruno)
    for one in (resource, other.resource, resource):
        page(client, f"/documents/{one.id}/")
    listed = page(client, "/documents/?shown=recent")
    assert listed.index("Note") < listed.index("Compte rendu")
    assert "Note" not in page(client, "/documents/")  # a link lists nothing by itself
    assert "Note" not in page(browser(awa), "/documents/?shown=recent")


def test_what_was_opened_elsewhere_by_a_link_for_all_is_among_the_recents(stranger, resource):
    Resource.objects.update(link_reach=LinkReach.EVERYONE)
    client = browser(stranger)
    assert "Note" not in page(client, "/documents/?shown=recent")
    page(client, f"/documents/{resource.id}/")
    assert "Note" in page(client, "/documents/?shown=recent")
    Resource.objects.update(link_reach=LinkReach.ORGANIZATION)
    assert "Note" not in page(client, "/documents/?shown=recent")


def test_opening_again_in_the_same_sitting_is_one_act(awa, resource):
    now = clock.now()
    for minutes in (0, 5, 29, 40, 45):
        resource_opened(resource=resource, viewer=awa, now=now + timedelta(minutes=minutes))
    assert acts("resources.document.opened") == 2
    assert Opening.objects.get().opened_at == now + timedelta(minutes=45)


def test_an_opened_channel_is_among_the_recents(awa):
    channel = channel_of(awa)
    Caller(awa).get(f"/api/channels/{channel.pk}/")
    assert Opening.objects.get().resource_id == channel.pk
