"""Writing, reading and counting, through the services and selectors that every door uses."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from suite.audit.models import Record
from suite.chat.author import Author
from suite.chat.errors import EmptyMessage, MessageTooLong
from suite.chat.models import Channel, Message
from suite.chat.selectors import list_channels, list_messages, list_messages_for_participants
from suite.chat.services import channel_mark_read, direct_channel_open, member_add, message_post
from suite.kernel import clock
from suite.kernel.errors import BadInput, NotFound
from suite.kernel.models import OutboxEvent
from tests.chat.conftest import a_channel, unread_by, write

pytestmark = pytest.mark.django_db


def test_what_is_written_is_read_in_order_by_pages(awa, bruno):
    channel = a_channel(awa, bruno)
    written = [write(channel, awa, f"ligne {number}") for number in range(7)]
    last = list_messages(viewer=bruno, channel_id=channel.pk, limit=3)
    assert [m.body for m in last] == ["ligne 4", "ligne 5", "ligne 6"]
    before = list_messages(viewer=bruno, channel_id=channel.pk, before=last[0].id, limit=3)
    assert [m.id for m in before] == [m.id for m in written[1:4]]


def test_sending_again_writes_once(awa):
    channel = a_channel(awa)
    first = write(channel, awa, "une fois", ref="a")
    again = write(channel, awa, "une fois", ref="a")
    assert first.id == again.id
    assert Message.objects.count() == 1
    assert Record.objects.filter(action="chat.message.posted").count() == 1


def test_two_guests_may_use_the_same_ref(awa):
    channel = a_channel(awa)
    for name in ("Chloé", "Denis"):
        guest = Author(name=name, participation_id=uuid.uuid4())
        message_post(channel=channel, author=guest, body="bonjour", ref="1", now=clock.now())
    assert [m.author_name for m in list_messages_for_participants(channel_id=channel.pk)] == ["Chloé", "Denis"]


def test_the_record_and_the_event_hold_no_text(awa):
    channel = a_channel(awa)
    message = write(channel, awa, "secret-du-texte")
    record = Record.objects.get(action="chat.message.posted")
    assert (record.actor_id, record.target_id, record.details) == (awa.user_id, channel.pk, {})
    event = OutboxEvent.objects.get(name="chat.message_posted")
    assert event.payload["message_id"] == str(message.id)
    assert "secret" not in str(event.payload)


@pytest.mark.parametrize(
    ("body", "refused"),
    [("", EmptyMessage), (" \n\t ", EmptyMessage), ("\x00\x07", EmptyMessage), ("a" * 8001, MessageTooLong)],
)
def test_empty_and_too_long_are_refused(awa, body, refused):
    channel = a_channel(awa)
    with pytest.raises(refused):
        write(channel, awa, body)
    assert not Message.objects.exists()


def test_control_characters_go_and_emoji_stay(awa):
    channel = a_channel(awa)
    assert write(channel, awa, "a\x00b\x1b[31m\r\nfamille 👨‍👩‍👧 \u202egauche\n").body == "ab[31m\nfamille 👨‍👩‍👧 gauche"


@pytest.mark.parametrize("ref", ["", "a" * 65, "a\x00"])
def test_an_odd_ref_is_refused(awa, ref):
    channel = a_channel(awa)
    with pytest.raises(BadInput):
        message_post(channel=channel, author=Author.of(awa), body="x", ref=ref, now=clock.now())


def test_unread_counts_what_others_wrote_since_the_mark(awa, bruno):
    channel = a_channel(awa, bruno)
    first = write(channel, awa, "un")
    write(channel, awa, "deux")
    write(channel, bruno, "trois")
    assert [line.unread for line in list_channels(viewer=bruno)] == [2]
    channel_mark_read(channel=channel, viewer=bruno, message_id=first.id, now=clock.now())
    assert unread_by(bruno) == 1
    newest = Message.objects.order_by("-id").first()
    channel_mark_read(channel=channel, viewer=bruno, message_id=newest.id, now=clock.now())
    channel_mark_read(channel=channel, viewer=bruno, message_id=first.id, now=clock.now())  # a mark never goes back
    assert unread_by(bruno) == 0


def test_the_audit_is_told_of_a_reading_once_a_half_hour(awa, bruno):
    channel = a_channel(awa, bruno)
    begun, minute = clock.now(), timedelta(minutes=1)
    readings = Record.objects.filter(action="chat.channel.read").order_by("occurred_at")
    for minutes in (0, 1, 29, 31, 60, 62):
        message = write(channel, awa, "encore")
        for viewer in (bruno, awa):
            channel_mark_read(channel=channel, viewer=viewer, message_id=message.id, now=begun + minutes * minute)
    for viewer in (bruno, awa):
        told = [(at - begun) / minute for at in readings.filter(actor_id=viewer.user_id).values_list("occurred_at", flat=True)]
        assert told == [0, 31, 62]
    assert set(readings.values_list("target_id", flat=True)) == {channel.pk}
    # what is read again, long afterwards, is no reading
    channel_mark_read(channel=channel, viewer=bruno, message_id=message.id, now=begun + 300 * minute)
    assert readings.filter(actor_id=bruno.user_id).count() == 3


def test_a_mark_on_another_channels_message_is_refused(awa):
    one, other = a_channel(awa), a_channel(awa)
    message = write(other, awa, "ailleurs")
    with pytest.raises(NotFound):
        channel_mark_read(channel=one, viewer=awa, message_id=message.id, now=clock.now())


def test_two_people_have_one_direct_channel_named_after_the_other(awa, bruno):
    channel = direct_channel_open(viewer=awa, user_id=bruno.user_id, now=clock.now())
    assert direct_channel_open(viewer=bruno, user_id=awa.user_id, now=clock.now()).pk == channel.pk
    assert Channel.objects.count() == 1
    assert [line.title for line in list_channels(viewer=awa)] == ["Bruno Petit"]
    assert [line.title for line in list_channels(viewer=bruno)] == ["Awa Diop"]


def test_nobody_writes_to_another_organisation_or_to_themselves(awa, stranger):
    with pytest.raises(NotFound):
        direct_channel_open(viewer=awa, user_id=stranger.user_id, now=clock.now())
    with pytest.raises(BadInput):
        direct_channel_open(viewer=awa, user_id=awa.user_id, now=clock.now())


def test_who_has_no_access_sees_nothing(awa, bruno, stranger):
    channel = a_channel(awa)
    write(channel, awa, "entre nous")
    for viewer in (bruno, stranger):
        assert list_channels(viewer=viewer) == []
        with pytest.raises(NotFound):
            list_messages(viewer=viewer, channel_id=channel.pk)


def test_bringing_the_owner_in_again_takes_nothing_from_them(awa):
    channel = a_channel(awa)
    member_add(channel=channel, user_id=awa.user_id, actor=awa.ref, now=clock.now())
    assert channel.resource.accesses.get(user_id=awa.user_id).role == "owner"
