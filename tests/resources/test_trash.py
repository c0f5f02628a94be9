"""The trash: nobody else reaches it, it gives back what it took, and what leaves it for ever is gone with its content."""

from __future__ import annotations

from datetime import timedelta

import pytest

from suite.audit.models import Record
from suite.chat.author import Author
from suite.chat.models import Channel, Message
from suite.chat.services.channels import member_add
from suite.chat.services.messages import message_post
from suite.documents.access import access_document
from suite.documents.models import Document, DocumentUpdate
from suite.documents.subscribers import erase_document
from suite.kernel import clock
from suite.kernel.errors import NotFound
from suite.kernel.outbox import deliver_due
from suite.resources.access import access_discarded
from suite.resources.events import ResourcePurged
from suite.resources.models import Access, Favourite, LinkReach, Resource, ResourceRole
from suite.resources.services.accesses import access_grant
from suite.resources.services.trash import resource_delete_for_ever, resource_discard, resource_restore
from suite.resources.tasks import empty_trash
from suite.transcripts.services import transcript_open
from tests.audit.worlds import captured, sitting
from tests.callers import Caller
from tests.resources.channels import channel_of
from tests.resources.pages import browser, page, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def shared(awa, bruno, resource):
    """Bruno edits it; the link lets everybody in."""
    access_grant(resource=resource, role=ResourceRole.EDITOR, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    Resource.objects.filter(id=resource.id).update(link_reach=LinkReach.EVERYONE)
    resource.refresh_from_db()
    return resource


def test_discarding_takes_it_from_everybody_and_undo_gives_it_back(awa, bruno, shared):
    client = browser(awa)
    assert send(client, f"/resources/{shared.id}/discard/", next="/documents/") == "/documents/"
    after = page(client, "/documents/")
    assert "“Note” is in the trash." in after
    assert f'action="/trash/{shared.id}/restore/"' in after
    for viewer in (awa, bruno):
        with pytest.raises(NotFound):
            access_document(viewer=viewer, id=shared.id, need=ResourceRole.READER)
        assert "Note" not in page(browser(viewer), "/documents/")
        assert Caller(viewer).get(f"/api/resources/{shared.id}/sharing/").status_code == 404
    assert send(client, f"/trash/{shared.id}/restore/", next="/documents/") == "/documents/"
    assert "“Note” is back" in page(client, "/documents/")
    assert access_document(viewer=bruno, id=shared.id, need=ResourceRole.EDITOR)
    actions = Record.objects.filter(target_id=shared.id).values_list("action", flat=True)
    assert {"resources.document.discarded", "resources.document.restored"} <= set(actions)


def test_the_trash_shows_what_one_owns_or_administers_with_when_and_by_whom(awa, bruno, stranger, shared):
    access_grant(resource=shared, role=ResourceRole.ADMINISTRATOR, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    resource_discard(resource=shared, viewer=awa, now=clock.now())
    mine, theirs = page(browser(awa), "/trash/"), page(browser(bruno), "/trash/")
    assert "Discarded by you" in mine
    assert f"/trash/{shared.id}/delete/" in mine
    assert "Discarded by Awa Diop" in theirs
    assert f"/trash/{shared.id}/restore/" in theirs
    assert f"/trash/{shared.id}/delete/" not in theirs  # for ever is the owner's
    assert browser(bruno).get(f"/trash/{shared.id}/delete/").status_code == 403
    assert "Note" not in page(browser(stranger), "/trash/")
    assert send(browser(bruno), f"/trash/{shared.id}/restore/") == "/trash/"


def test_who_only_edits_neither_discards_nor_sees_it_in_the_trash(awa, bruno, stranger, shared):
    assert browser(bruno).post(f"/resources/{shared.id}/discard/").status_code == 403
    resource_discard(resource=shared, viewer=awa, now=clock.now())
    for viewer in (bruno, stranger):
        assert "Note" not in page(browser(viewer), "/trash/")
        for address in (f"/trash/{shared.id}/restore/", f"/trash/{shared.id}/delete/", f"/resources/{shared.id}/discard/"):
            assert browser(viewer).post(address).status_code == 404


def test_deleting_for_ever_needs_the_name_and_erases_the_text(awa, bruno, shared):
    Caller(awa).put(f"/api/resources/{shared.id}/favourite/")
    resource_discard(resource=shared, viewer=awa, now=clock.now())
    client, address = browser(awa), f"/trash/{shared.id}/delete/"
    refused = client.post(address, {"name": "Autre"})
    assert refused.status_code == 400
    assert "nothing was deleted" in refused.content.decode()
    assert DocumentUpdate.objects.filter(document_id=shared.id).exists()
    assert send(client, address, name=" note ") == "/trash/"
    assert "Note”" in page(client, "/trash/")  # the message; the line is gone
    assert f"/trash/{shared.id}/" not in page(client, "/trash/")
    assert client.post(f"/trash/{shared.id}/restore/").status_code == 404
    deliver_due()
    for model in (DocumentUpdate, Document, Favourite, Access):
        assert not model.objects.exists(), model
    assert not Resource.objects.filter(id=shared.id).exists()
    actions = list(Record.objects.filter(target_id=shared.id).order_by("id").values_list("action", "actor_kind"))
    assert actions[-2:] == [("resources.document.purged", "person"), ("resources.document.erased", "system")]


def test_only_what_is_meant_and_lies_in_the_trash_is_acted_upon(awa, document):
    channel = channel_of(awa)
    client = browser(awa)
    for address in (f"/trash/{document.pk}/delete/", f"/trash/{channel.pk}/delete/"):
        assert client.get(address).status_code == 404
    for one in (document, channel):
        resource_discard(resource=one.resource, viewer=awa, now=clock.now())
    for one, name in ((document, "Note"), (channel, "Budget")):
        assert f"“{name}”" in page(client, f"/trash/{one.pk}/delete/")
        send(client, f"/trash/{one.pk}/restore/")
        assert list(Resource.objects.filter(deleted_at=None).values_list("id", flat=True)) == [one.pk]
        resource_discard(resource=one.resource, viewer=awa, now=clock.now())


def test_who_deletes_what_was_restored_meanwhile_comes_too_late(awa, document):
    """Both had the page open; something else lies in the trash all the time."""
    resource_discard(resource=channel_of(awa).resource, viewer=awa, now=clock.now())
    resource_discard(resource=document.resource, viewer=awa, now=clock.now())
    seen = access_discarded(viewer=awa, id=document.pk, need=ResourceRole.OWNER)
    send(browser(awa), f"/trash/{document.pk}/restore/")
    for act in (
        lambda: resource_delete_for_ever(resource=seen, name="Note", typed="Note", viewer=awa, now=clock.now()),
        lambda: resource_restore(resource=seen, viewer=awa, now=clock.now()),
    ):
        with pytest.raises(NotFound):
            act()
    assert access_document(viewer=awa, id=document.pk, need=ResourceRole.OWNER)


def test_a_channel_goes_the_same_way_with_its_messages(awa, bruno):
    channel = channel_of(awa)
    member_add(channel=channel, user_id=bruno.user_id, actor=awa.ref, now=clock.now())
    message_post(channel=channel, author=Author.of(bruno), body="Bonjour", ref="1", now=clock.now())
    assert browser(bruno).post(f"/resources/{channel.pk}/discard/").status_code == 403
    client = browser(awa)
    assert send(client, f"/resources/{channel.pk}/discard/") == "/trash/"
    assert Caller(bruno).get(f"/api/channels/{channel.pk}/").status_code == 404
    assert Caller(bruno).get("/api/channels/").json() == {"channels": []}
    send(client, f"/trash/{channel.pk}/delete/", name="Budget")
    deliver_due()
    assert not Message.objects.exists()
    assert not Channel.objects.exists()
    assert not Resource.objects.exists()


def test_the_trash_empties_itself_when_its_days_are_over(awa, document, settings):
    settings.TRASH_DAYS = 30
    now = clock.now()
    resource_discard(resource=document.resource, viewer=awa, now=now - timedelta(days=29))
    empty_trash()
    assert "Note" in page(browser(awa), "/trash/")
    Resource.objects.filter(id=document.pk).update(deleted_at=now - timedelta(days=31))
    empty_trash()
    deliver_due()
    assert not Resource.objects.exists()
    assert Record.objects.get(action="resources.document.purged").actor_kind == "system"


def test_delivering_the_purge_again_changes_nothing(awa, document):
    from suite.documents.services import document_erase

    document_erase(document_id=document.pk, now=clock.now())  # not purged: it stays
    assert Document.objects.filter(pk=document.pk).exists()
    resource_discard(resource=document.resource, viewer=awa, now=clock.now())
    send(browser(awa), f"/trash/{document.pk}/delete/", name="Note")
    deliver_due()
    erased = Record.objects.filter(action="resources.document.erased").count()
    document_erase(document_id=document.pk, now=clock.now())
    assert Record.objects.filter(action="resources.document.erased").count() == erased == 1


def test_a_transcript_lets_go_of_its_document(awa, document, settings):
    settings.SPEECH = True
    capture, _consent = captured(sitting())
    transcript = transcript_open(capture=capture, now=clock.now())
    transcript.document = document
    transcript.save()
    resource_discard(resource=document.resource, viewer=awa, now=clock.now())
    send(browser(awa), f"/trash/{document.pk}/delete/", name="Note")
    erase_document(ResourcePurged(resource_id=document.pk, kind="document", at=clock.now()))
    assert not Resource.objects.filter(id=document.pk).exists()
    transcript.refresh_from_db()
    assert transcript.document is None
