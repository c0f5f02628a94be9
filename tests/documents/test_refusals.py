"""What a document's socket refuses, and that nobody else notices."""

from __future__ import annotations

import contextlib
import random

import pytest
from pycrdt import Doc, Text
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from suite.accounts.models import Membership, SignIn
from suite.documents.models import DocumentUpdate
from suite.documents.sync import protocol
from suite.documents.sync.lib0 import sized, uint
from suite.kernel import clock
from suite.kernel.outbox import deliver_due
from suite.resources.public import LinkReach, ResourceRole, access_revoke, link_change, resource_discard
from tests.documents.conftest import share
from tests.documents.pages import Page, awareness, entry
from tests.people import organization, person, session_of
from tests.web import cookie_header

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def watcher(web, document, awa):
    """Awa's page, whose text and state vector nothing that is refused may change."""
    with Page(web, document.pk, session_of(awa)) as page:
        page.until(lambda: page.is_synced)
        page.write("Le texte. ")
        page.be_stored()
        yield page


def is_undisturbed(watcher, before):
    watcher.be_stored()  # a round trip: whatever was passed on has come in
    assert watcher.vector == before
    watcher.write("Encore. ")
    watcher.be_stored()


def test_a_readers_update_is_refused_and_changes_nothing(web, document, awa, bruno, watcher):
    share(document, awa, bruno, ResourceRole.READER)
    before, rows = watcher.vector, DocumentUpdate.objects.count()
    with Page(web, document.pk, session_of(bruno)) as reader:
        reader.until(lambda: "Le texte." in reader.text)
        reader.write("Intrus. ")
        assert reader.until_closed() == 4403
        assert reader.denied == 1
    is_undisturbed(watcher, before)
    assert DocumentUpdate.objects.count() == rows + 1
    # the same as an answer to sync step 1
    with Page(web, document.pk, session_of(bruno)) as reader:
        reader.until(lambda: reader.is_synced)
        reader.send(protocol.missing(reader.change("Intrus. ")))
        assert reader.until_closed() == 4403
    assert "Intrus" not in watcher.text


def test_nobody_else_gets_in(web, document, bruno):
    stranger = person(organization("Ailleurs"), "Zoé", "Martin")
    for session, code in ((session_of(bruno), 4404), (session_of(stranger), 4404), ("nobody", 4401)):
        with Page(web, document.pk, session) as page:
            assert page.until_closed() == code
    with Page(web, bruno.user_id, session_of(bruno)) as page:  # an id that is no document's
        assert page.until_closed() == 4404


def nested(depth: int) -> bytes:
    """One array in another, `depth` deep, as an update: enough of them end a process that applies it."""
    struct = bytes([8]) + uint(1) + sized(b"a") + uint(1) + b"\x75\x01" * depth + b"\x7e"
    return uint(1) + uint(1) + uint(1) + uint(0) + struct + uint(0)


def subdocument() -> bytes:
    struct = bytes([9]) + uint(1) + sized(b"a") + sized(b"guid") + b"\x7e"
    return uint(1) + uint(1) + uint(1) + uint(0) + struct + uint(0)


GARBAGE = {
    "nothing": b"",
    "an unknown kind": b"\x09",
    "an unknown step": b"\x00\x07\x00",
    "no body": b"\x00\x02",
    "a length that lies": b"\x00\x02\xff\xff\xff\x7f",
    "an endless number": b"\x00\x02" + b"\xff" * 20,
    "a word that is no JSON": b"\x64" + sized(b"{"),
    "a word of JSON that we do not know": protocol.word({"type": "?"}),
    "a word nested deep": b"\x64" + sized(b"[" * 900),
    "no update": protocol.written(b"\x07abc"),
    "an update and more": protocol.written(b"\x00\x00\x00"),
    "nested values": protocol.written(nested(200_000)),
    "a subdocument": protocol.written(subdocument()),
    "a vector that is none": protocol.asked_state(b"\xff"),
    "awareness that is none": protocol.present(b"\x05\x01"),
    "awareness that is no JSON": protocol.present(uint(1) + uint(9) + uint(1) + sized(b"{nope")),
    "awareness that is no object": protocol.present(uint(1) + uint(9) + uint(1) + sized(b"[1]")),
    "awareness with NaN": protocol.present(uint(1) + uint(9) + uint(1) + sized(b'{"a":NaN}')),
    "awareness nested deep": protocol.present(uint(1) + uint(9) + uint(1) + sized(b'{"a":' + b"[" * 4000)),
    "huge awareness": awareness(entry(9, 1, {"a": "x" * 10_000})),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_ends_its_own_socket_only(web, document, awa, watcher, garbage):
    before, rows = watcher.vector, DocumentUpdate.objects.count()
    with Page(web, document.pk, session_of(awa)) as page:
        page.send(garbage)
        assert page.until_closed() == 4400
    is_undisturbed(watcher, before)
    assert DocumentUpdate.objects.count() == rows + 1


def test_a_text_frame_and_a_huge_frame_end_their_own_socket_only(web, document, awa, watcher):
    before = watcher.vector
    for frame, code in (("{}", 4400), (b"\x00\x02" + sized(b"x" * 1_100_000), 1009)):
        address = f"{web.socket_address}/ws/documents/{document.pk}/"
        with connect(address, origin=Origin(web.address), additional_headers=cookie_header(session_of(awa))) as socket:
            with contextlib.suppress(ConnectionClosed):
                socket.send(frame)
                for _ in socket:
                    pass
            assert socket.close_code == code
    is_undisturbed(watcher, before)


def test_mutated_updates_never_stop_the_document(web, document, awa, watcher):
    seed = 20261122
    rnd = random.Random(seed)
    doc = Doc()
    text = doc.get("t", type=Text)
    text += "un texte ordinaire"
    update = doc.get_update()
    for _ in range(60):
        with Page(web, document.pk, session_of(awa)) as page:
            mutated = bytearray(update)
            for _ in range(rnd.randint(1, 4)):
                mutated[rnd.randrange(len(mutated))] = rnd.randrange(256)
            page.send(protocol.written(bytes(mutated)))
            assert page.outcome() in {None, 4400}, f"seed {seed}"
    watcher.write("Toujours là. ")
    watcher.be_stored()


def test_another_origin_is_refused(web, document, awa):
    address = f"{web.socket_address}/ws/documents/{document.pk}/"
    with pytest.raises(Exception, match="403"), connect(
        address, origin=Origin("https://evil.example"), additional_headers=cookie_header(session_of(awa))
    ):  # fmt: skip
        pass


def test_taking_the_right_away_closes_an_open_socket(web, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.EDITOR)
    deliver_due()  # so that no earlier word closes it
    with Page(web, document.pk, session_of(bruno)) as page:
        page.until(lambda: page.is_synced)
        access_revoke(access=document.resource.accesses.get(user_id=bruno.user_id), actor=awa.ref, now=clock.now())
        deliver_due()
        assert page.until_closed() == 4404


def test_closing_the_link_closes_the_socket_of_who_came_by_it(web, document, awa, bruno):
    link = {"resource": document.resource, "role": ResourceRole.READER, "viewer": awa}
    link_change(**link, reach=LinkReach.ORGANIZATION, now=clock.now())
    deliver_due()
    with Page(web, document.pk, session_of(bruno)) as page:
        page.until(lambda: page.is_synced)
        link_change(**link, reach=LinkReach.RESTRICTED, now=clock.now())
        deliver_due()
        assert page.until_closed() == 4404


def test_without_the_event_the_right_is_read_again_within_two_seconds(web, document, awa, bruno, watcher):
    share(document, awa, bruno, ResourceRole.EDITOR)
    with Page(web, document.pk, session_of(bruno)) as page:
        page.until(lambda: page.is_synced)
        document.resource.accesses.filter(user_id=bruno.user_id).delete()
        page.quiet(2.2)
        page.write("Trop tard. ")
        assert page.until_closed() == 4404
    watcher.be_stored()
    assert "Trop tard" not in watcher.text


def test_a_reader_who_becomes_an_editor_and_back_is_told(web, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.READER)
    deliver_due()
    with Page(web, document.pk, session_of(bruno)) as page:
        page.until(lambda: page.is_synced)
        page.be_stored()
        share(document, awa, bruno, ResourceRole.EDITOR)
        deliver_due()
        page.until(lambda: {"type": "role", "role": "editor"} in page.words)
        page.write("Je peux. ")
        page.be_stored()
        share(document, awa, bruno, ResourceRole.READER)
        deliver_due()
        page.until(lambda: {"type": "role", "role": "reader"} in page.words)
        page.write("Plus maintenant. ")
        assert page.until_closed() == 4403


def test_who_is_let_go_or_signed_out_is_out(web, document, awa, bruno, watcher):
    share(document, awa, bruno, ResourceRole.EDITOR)
    with Page(web, document.pk, session_of(bruno)) as page:
        page.until(lambda: page.is_synced)
        SignIn.objects.filter(user_id=bruno.user_id).update(ended_at=clock.now())
        Membership.objects.filter(user_id=bruno.user_id).update(ended_at=clock.now())
        page.quiet(2.2)
        watcher.write("Pour qui reste. ")  # what would be sent to him is not
        assert page.until_closed() == 4401
        assert "Pour qui reste" not in page.text


def test_a_document_in_the_trash_closes(web, document, awa, watcher):
    deliver_due()
    resource_discard(resource=document.resource, viewer=awa, now=clock.now())
    deliver_due()
    assert watcher.until_closed() == 4404


def test_a_rename_is_shown_at_once(web, document, awa, watcher):
    from suite.documents.services import document_rename

    document_rename(document=document, title="Autre nom", viewer=awa, now=clock.now())
    watcher.until(lambda: {"type": "title", "title": "Autre nom"} in watcher.words)


def test_a_page_counts_as_far_as_its_numbers_go(watcher):
    watcher._asked = 2**53 - 1
    watcher.be_stored()
