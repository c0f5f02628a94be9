"""The media server's word: only ours, only well formed, told twice is told once."""

from __future__ import annotations

import pytest
from django.conf import settings
from livekit import api

from suite.kernel.models import OutboxEvent
from suite.meetings.models import CapturedTrack, Meeting, Participation
from suite.meetings.webhooks import HANDLERS
from tests.meetings.doors import a_room, browser, came, join, webhook

pytestmark = pytest.mark.django_db(transaction=True)


def test_another_servers_word_is_refused(awa):
    entry = join(browser(awa), a_room(browser(awa)))
    event = api.WebhookEvent(event="room_finished")
    event.room.name = entry["meeting_id"]
    assert webhook(event, secret="x" * 40).status_code == 403
    assert webhook(event, body="{").status_code == 400
    assert webhook(event, body='{"event": ["no"]}').status_code == 403
    assert browser().post("/webhooks/livekit/", "{}", content_type="application/json").status_code == 403
    assert Meeting.objects.get().ended_at is None


def all_there_is():
    """What the media server's word could have changed."""
    return [list(model.objects.order_by("pk").values()) for model in (Meeting, Participation, CapturedTrack, OutboxEvent)]


@pytest.mark.parametrize("name", ["", "not-a-meeting", "00000000-0000-7000-8000-000000000000"])
def test_a_room_that_is_not_ours_says_nothing(awa, name):
    entry = join(browser(awa), a_room(browser(awa)))
    before = all_there_is()
    for kind in (*HANDLERS, "something_new"):
        for identity in (name, entry["participation_id"]):
            event = api.WebhookEvent(event=kind)
            event.room.name = name
            event.participant.identity = identity
            event.track.source = api.TrackSource.MICROPHONE
            assert webhook(event).status_code == 204
            assert all_there_is() == before, kind


def test_the_last_one_out_ends_the_meeting(awa, bruno):
    slug = a_room(browser(awa))
    entry = join(browser(awa), slug)
    came(entry)
    event = api.WebhookEvent(event="room_finished")
    event.room.name = entry["meeting_id"]
    for _twice in range(2):
        assert webhook(event).status_code == 204
    meeting = Meeting.objects.get()
    assert meeting.ended_at is not None
    assert Participation.objects.get().left_at is not None
    again = join(browser(bruno), slug)
    assert again["meeting_id"] != entry["meeting_id"]


def test_a_recorders_path_stays_in_its_folder(awa, tmp_path):
    secret = settings.FILES_ROOT / "secret"
    secret.parent.mkdir(parents=True, exist_ok=True)
    secret.write_bytes(b"not a recording")
    event = api.WebhookEvent(event="egress_ended")
    event.egress_info.egress_id = "EG_x"
    event.egress_info.status = api.EgressStatus.EGRESS_COMPLETE
    event.egress_info.file_results.add(filename=f"../files/{secret.name}", started_at=1)
    assert webhook(event).status_code == 204
    assert secret.exists()
    assert CapturedTrack.objects.count() == 0


def test_a_room_that_the_media_server_opens_is_looked_at(awa):
    entry = join(browser(awa), a_room(browser(awa)))
    event = api.WebhookEvent(event="room_started")
    event.room.name = entry["meeting_id"]
    assert webhook(event).status_code == 204
    told = OutboxEvent.objects.get(name="meetings.media_room_started")
    assert list(told.deliveries.values_list("subscriber", flat=True)) == ["suite.meetings.subscribers.keep_out"]
