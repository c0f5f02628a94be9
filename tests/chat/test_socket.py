"""The chat page's socket, on a real web process."""

from __future__ import annotations

import contextlib
import json
import time
import uuid

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from suite.accounts.models import Membership
from suite.audit.models import Record
from suite.chat.services.channels import colleague_add
from suite.kernel import clock
from suite.kernel.outbox import deliver_due
from suite.resources.public import ResourceRole, access_grant, access_revoke
from tests.chat.conftest import a_channel, write
from tests.people import session_of
from tests.web import cookie_header

pytestmark = pytest.mark.django_db(transaction=True)


class Page:
    """An open chat page; `next` waits for a message of one type."""

    def __init__(self, socket):
        self.socket = socket

    def send(self, **message):
        self.socket.send(json.dumps(message))

    def next(self, kind, seconds=10.0):
        deadline = time.monotonic() + seconds
        while True:
            message = json.loads(self.socket.recv(timeout=max(0.0, deadline - time.monotonic())))
            if message["type"] == kind:
                return message

    def closes(self):
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.socket.recv(timeout=10)
        return self.socket.close_code


@contextlib.contextmanager
def open_page(web, viewer):
    headers = cookie_header(session_of(viewer)) if viewer else {}
    with connect(f"{web.socket_address}/ws/chat/", origin=Origin(web.address), additional_headers=headers) as socket:
        yield Page(socket)


def test_what_one_writes_the_other_reads_at_once(web, awa, bruno):
    channel = a_channel(awa, bruno)
    with open_page(web, awa) as one, open_page(web, bruno) as other:
        assert [line["title"] for line in other.next("channels")["channels"]] == ["Budget"]
        one.send(type="message", channel_id=str(channel.pk), body="Bonjour", ref="r1")
        posted = one.next("posted")
        assert posted["message"]["ref"] == "r1"
        assert other.next("message")["message"] == posted["message"]
        # from the API too, and again is told again to its author only
        one.send(type="message", channel_id=str(channel.pk), body="Bonjour", ref="r1")
        assert one.next("posted") == posted
        write(channel, awa, "par l'API")
        assert other.next("message")["message"]["body"] == "par l'API"


def test_reading_is_told_to_the_persons_other_pages(web, awa, bruno):
    channel = a_channel(awa, bruno)
    message = write(channel, awa, "à lire")
    with open_page(web, bruno) as desk, open_page(web, bruno) as phone:
        assert phone.next("channels")["channels"][0]["unread"] == 1
        desk.send(type="read", channel_id=str(channel.pk), message_id=str(message.id))
        assert phone.next("read")["message_id"] == str(message.id)


def test_a_flood_that_is_read_is_one_reading_for_the_audit(web, awa, bruno):
    channel = a_channel(awa, bruno)
    with open_page(web, bruno) as desk, open_page(web, bruno) as phone:
        phone.next("channels")
        for number in range(20):
            message = write(channel, awa, f"ligne {number}")
            desk.send(type="read", channel_id=str(channel.pk), message_id=str(message.id))
            assert phone.next("read")["message_id"] == str(message.id)  # each mark is told, to their other pages
    reading = Record.objects.get(action="chat.channel.read")
    assert (reading.actor_id, reading.target_id) == (bruno.user_id, channel.pk)


def test_who_is_brought_in_sees_the_channel_and_who_is_taken_out_does_not(web, awa, bruno):
    channel, other = a_channel(awa), a_channel(awa, bruno, title="Autre")
    with open_page(web, bruno) as page:
        assert [line["title"] for line in page.next("channels")["channels"]] == ["Autre"]
        colleague_add(channel=channel, user_id=bruno.user_id, viewer=awa, now=clock.now())
        assert page.next("channel")["channel"]["id"] == str(channel.pk)
        deliver_due()  # so that no earlier word takes him out
        write(channel, awa, "bienvenue")
        assert page.next("message")["message"]["body"] == "bienvenue"
        access_revoke(access=channel.resource.accesses.get(user_id=bruno.user_id), actor=awa.ref, now=clock.now())
        deliver_due()
        assert page.next("channel_gone")["channel_id"] == str(channel.pk)
        write(channel, awa, "sans lui")
        write(other, awa, "avec lui")
        assert page.next("message")["message"]["body"] == "avec lui"


def test_a_lost_revocation_is_noticed_before_the_next_delivery(web, awa, bruno):
    channel = a_channel(awa, bruno)
    with open_page(web, bruno) as page:
        page.next("channels")
        write(channel, awa, "un")
        page.next("message")
        channel.resource.accesses.filter(user_id=bruno.user_id).delete()
        time.sleep(2.1)  # the time for which a right is believed
        write(channel, awa, "deux")
        assert page.next("channel_gone")


def test_who_has_no_access_writes_and_reads_nothing(web, awa, bruno, stranger):
    channel = a_channel(awa)
    message = write(channel, awa, "entre nous")
    for viewer in (bruno, stranger):
        with open_page(web, viewer) as page:
            assert page.next("channels")["channels"] == []
            page.send(type="message", channel_id=str(channel.pk), body="x", ref="r")
            assert page.next("error")["code"] == "not_found"
            page.send(type="read", channel_id=str(channel.pk), message_id=str(message.id))
            assert page.next("error")["code"] == "not_found"


def test_who_reads_does_not_write(web, awa, bruno):
    channel = a_channel(awa)
    access_grant(resource=channel.resource, role=ResourceRole.READER, actor=awa.ref, now=clock.now(), user_id=bruno.user_id)
    with open_page(web, bruno) as page:
        page.send(type="message", channel_id=str(channel.pk), body="x", ref="r")
        assert page.next("error")["code"] == "forbidden"
    assert not channel.messages.exists()


def test_without_a_session_the_socket_closes(web, transactional_db):
    with open_page(web, None) as page:
        assert page.closes() == 4401


def test_who_is_let_go_is_out(web, awa, bruno):
    a_channel(awa, bruno)
    with open_page(web, bruno) as page:
        page.next("channels")
        Membership.objects.filter(user_id=bruno.user_id).update(ended_at=clock.now())
        time.sleep(2.1)
        page.send(type="read", channel_id=str(uuid.uuid4()), message_id=str(uuid.uuid4()))
        assert page.closes() == 4401


@pytest.mark.parametrize(
    "garbage",
    ["", "{", "[]", '{"type":"nope"}', '{"type":"message"}', '{"type":"message","body":1,"ref":2}', '{"a":NaN}', "[" * 60_000],
)
def test_garbage_is_answered_and_the_socket_stays(web, awa, garbage):
    with open_page(web, awa) as page:
        page.socket.send(garbage)
        assert page.next("error")["code"] in {"bad_input", "not_found"}
        page.send(type="ping")
        page.next("pong")


def test_bytes_are_no_words(web, awa):
    with open_page(web, awa) as page:
        page.socket.send(b"\x00\x01")
        assert page.next("error")["code"] == "bad_input"
