"""Who is in the document: replayed to who comes, forgotten when they go, never another's."""

from __future__ import annotations

import uuid

import pytest

from suite.documents.sync.lib0 import Reader
from suite.documents.sync.presence import CLIENTS_OF_A_SOCKET_MAX, OUTDATED_SECONDS, Holder, Presence
from suite.resources.public import ResourceRole
from tests.documents.conftest import share
from tests.documents.pages import Page, awareness, entry
from tests.people import session_of

pytestmark = pytest.mark.django_db(transaction=True)


def said(*entries: bytes) -> bytes:
    return Reader(awareness(*entries)[1:]).bytes()


@pytest.fixture
def both(web, document, awa, bruno):
    share(document, awa, bruno, ResourceRole.READER)  # who may read is seen too
    with Page(web, document.pk, session_of(awa)) as one, Page(web, document.pk, session_of(bruno)) as other:
        one.send(awareness(entry(11, 1, {"user": {"name": "Awa Diop", "color": "#123456"}, "cursor": {"anchor": 1}})))
        other.until(lambda: 11 in other.states)
        yield one, other


def test_who_comes_later_sees_who_is_there(web, document, awa, both):
    with Page(web, document.pk, session_of(awa)) as late:
        late.until(lambda: 11 in late.states)
        user = {"id": str(awa.user_id), "name": "Awa Diop", "color": "#123456"}
        assert late.states[11] == {"user": user, "cursor": {"anchor": 1}}


def test_who_goes_is_forgotten(both):
    one, other = both
    one.socket.close()
    other.until(lambda: 11 not in other.states)


def test_nobody_speaks_under_another_name(both, bruno):
    one, other = both
    other.send(awareness(entry(22, 1, {"user": {"name": "Awa Diop", "color": "url(x)", "id": "x"}})))
    one.until(lambda: 22 in one.states)
    assert one.states[22]["user"]["name"] == "Bruno Petit"
    assert one.states[22]["user"]["id"] == str(bruno.user_id)
    assert one.states[22]["user"]["color"].startswith("#")


def test_nobody_speaks_for_anothers_client(both):
    one, other = both
    other.send(awareness(entry(11, 5, {"user": {"name": "Awa Diop"}, "cursor": "moved"})))
    other.send(awareness(entry(11, 6, None)))
    other.send(awareness(entry(33, 1, {"user": {}})))
    one.until(lambda: 33 in one.states)
    assert one.states == {33: one.states[33]}
    assert other.states[11]["cursor"] == {"anchor": 1}
    with_bad_query = bytes([3])
    other.states.clear()
    other.send(with_bad_query)
    other.until(lambda: 11 in other.states)


AWA = Holder(uuid.uuid4(), "Awa", "socket-a")
BRUNO = Holder(uuid.uuid4(), "Bruno", "socket-b")


def test_an_echo_after_the_end_brings_nobody_back():
    presence = Presence()
    presence.hear(said(entry(1, 4, {"user": {}})), holder=AWA, now=0)
    presence.leave(AWA.socket, now=1)
    heard = presence.hear(said(entry(1, 4, {"user": {}})), holder=BRUNO, now=2)
    assert (heard.pass_on, heard.reply, presence.states) == (b"", b"", {})
    # the person herself, on a new socket, is told the clock to go on from
    heard = presence.hear(said(entry(1, 4, {"user": {}})), holder=Holder(AWA.user_id, "Awa", "socket-c"), now=2)
    assert heard.reply == said(entry(1, 5, None))
    presence.hear(said(entry(1, 6, {"user": {}})), holder=Holder(AWA.user_id, "Awa", "socket-c"), now=2)
    assert presence.states[1].holder.socket == "socket-c"


def test_a_socket_introduces_few_clients():
    presence = Presence()
    presence.hear(said(*(entry(number, 1, {}) for number in range(100))), holder=AWA, now=0)
    assert len(presence.states) == CLIENTS_OF_A_SOCKET_MAX


def test_what_nobody_renews_is_forgotten():
    presence = Presence()
    remote = Holder(AWA.user_id, "Awa")
    presence.hear(said(entry(1, 1, {})), holder=remote, now=0)
    presence.hear(said(entry(2, 1, {})), holder=BRUNO, now=OUTDATED_SECONDS)
    assert presence.expire(OUTDATED_SECONDS + 1) == said(entry(1, 2, None))
    assert list(presence.states) == [2]
