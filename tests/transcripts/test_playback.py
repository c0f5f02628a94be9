"""A turn's sound: for who may read the transcript, in ranges, recorded once, and gone when its days are over."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connections
from django.test import AsyncClient

from suite.accounts.viewer import Viewer
from suite.audit.models import Record
from suite.documents.subscribers import erase_document
from suite.files.models import Blob
from suite.kernel import clock
from suite.kernel.refs import SYSTEM
from suite.meetings.models import CapturedTrack
from suite.meetings.services.captures import capture_stop, track_claim, track_recording, track_store
from suite.meetings.services.sounds import sound_delete
from suite.meetings.subscribers import erase_sound_of_room
from suite.resources.events import ResourcePurged
from suite.resources.public import ResourceKind, ResourceRole, access_grant, resource_discard
from suite.resources.services.trash import resource_purge
from suite.transcripts.models import Transcript
from suite.transcripts.models import Turn as TurnRow
from suite.transcripts.pipeline.turns import Turn
from suite.transcripts.selectors import listening_key
from suite.transcripts.services import track_finish, track_queue, transcript_open_as_document
from suite.transcripts.subscribers import erase_transcript
from tests import people
from tests.audit.worlds import captured, recording, sitting
from tests.people import session_of

pytestmark = pytest.mark.django_db(transaction=True)
SOUND = bytes(range(256)) * 4000  # over one chunk, as nobody plays it here


@dataclass
class Said:
    """A transcript of Awa's with one turn, from the fourth second of its track."""

    awa: Viewer
    transcript: Transcript
    track: CapturedTrack

    @property
    def address(self) -> str:
        return f"/transcripts/{self.transcript.pk}/sounds/{self.track.pk}/"

    @property
    def page(self) -> str:
        return f"/transcripts/{self.transcript.pk}/"


@pytest.fixture
def said(transactional_db, engines, settings) -> Said:
    settings.SPEECH = True
    at = sitting()
    track = recording(at)
    now = clock.now()
    track_store(egress_id=track.egress_id, content=BytesIO(SOUND), started_at=track.agreed_at, now=now)
    capture_stop(capture=track.capture, actor=at.awa.ref, now=now)
    track.refresh_from_db()
    work = track_queue(track=track, now=now)
    track_finish(work=work, turns=[Turn(str(work.id), None, 4.0, 6.5, "Bonjour à tous")], now=now)
    return Said(awa=at.awa, transcript=work.transcript, track=track)


@pytest_asyncio.fixture(autouse=True)
async def _returned(transactional_db: None) -> AsyncIterator[None]:
    """Django's asynchronous client leaves the connection of its thread open, which would keep the tests' database in use."""
    yield
    await sync_to_async(connections.close_all)()


def client(viewer: Viewer | None) -> AsyncClient:
    found = AsyncClient(headers={"accept": "text/html"})
    if viewer is not None:
        found.cookies[settings.SESSION_COOKIE_NAME] = session_of(viewer)
    return found


async def get(said: Said, viewer: Viewer | None, **headers: str) -> Any:
    return await (await sync_to_async(client)(viewer)).get(said.address, headers=headers)


async def body(answer: Any) -> bytes:
    return b"".join([chunk async for chunk in answer.streaming_content])


async def test_the_whole_is_streamed_with_what_a_player_needs(said):
    answer = await get(said, said.awa)
    assert answer.status_code == 200
    assert await body(answer) == SOUND
    assert answer["Content-Type"] == "audio/ogg"
    assert answer["Content-Length"] == str(len(SOUND))
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["ETag"] == f'"{hashlib.sha256(SOUND).hexdigest()}"'
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


async def test_a_player_seeks(said):
    tag = f'"{hashlib.sha256(SOUND).hexdigest()}"'
    for asked, start, end in (("bytes=300000-300009", 300_000, 300_010), ("bytes=1023990-", 1_023_990, 1_024_000)):
        for condition in ({}, {"if-range": tag}):
            answer = await get(said, said.awa, range=asked, **{"accept-encoding": "gzip, deflate"}, **condition)
            assert answer.status_code == 206
            assert not answer.has_header("Content-Encoding")
            assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{len(SOUND)}"
            assert answer["Content-Length"] == str(end - start)
            assert await body(answer) == SOUND[start:end]
    other = await get(said, said.awa, range="bytes=0-9", **{"if-range": '"another"'})
    assert (other.status_code, len(await body(other))) == (200, len(SOUND))
    outside = await get(said, said.awa, range="bytes=1024000-")
    assert (outside.status_code, outside["Content-Range"]) == (416, "bytes */1024000")
    assert outside.content == b""


async def test_its_head_has_no_body_and_is_no_listening(said):
    answer = await (await sync_to_async(client)(said.awa)).head(said.address, headers={"range": "bytes=0-9"})
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, str(len(SOUND)), b"")
    assert not await Record.objects.filter(action="transcripts.transcript.listened").aexists()


async def test_one_listening_is_one_record_however_many_ranges(said):
    for start in (0, 500, 1000):
        await body(await get(said, said.awa, range=f"bytes={start}-{start + 99}"))
    record = await Record.objects.aget(action="transcripts.transcript.listened")
    assert (record.actor_id, record.target_id) == (said.awa.user_id, said.transcript.pk)
    assert record.context == said.transcript.meeting_id
    await cache.adelete(listening_key(transcript=said.transcript, viewer=said.awa))  # half an hour later
    await body(await get(said, said.awa))
    assert await Record.objects.filter(action="transcripts.transcript.listened").acount() == 2


async def test_nobody_else_learns_that_there_is_sound(said):
    eva = await sync_to_async(lambda: people.person(people.organization("Préfecture"), "Eva", "Lambert"))()
    absent = Said(awa=said.awa, transcript=said.transcript, track=CapturedTrack(id=uuid.uuid4()))
    answers = [await get(one, eva) for one in (said, absent)]
    assert [one.status_code for one in answers] == [404, 404]
    assert (await get(absent, said.awa)).status_code == 404
    assert (await get(said, None)).status_code == 401
    assert not await Record.objects.filter(action="transcripts.transcript.listened").aexists()


async def test_a_track_of_another_transcript_is_not_found_through_ones_own(said):
    bruno = await sync_to_async(lambda: people.person(people.organization("Ailleurs"), "Bruno", "Martin"))()

    def theirs() -> Said:
        at = sitting()
        track = recording_of(at)
        work = track_queue(track=track, now=clock.now())
        access_grant(resource=work.transcript.resource, role=ResourceRole.READER, actor=SYSTEM, now=clock.now(),
                     user_id=bruno.user_id)  # fmt: skip
        return Said(awa=bruno, transcript=work.transcript, track=said.track)

    crossed = await sync_to_async(theirs)()
    assert (await get(crossed, bruno)).status_code == 404


def recording_of(at: Any) -> CapturedTrack:
    _capture, consent = captured(at)
    track = track_claim(consent=consent, track_sid="TR_2", now=clock.now())
    assert track is not None
    track_recording(track=track, egress_id="EG_2", now=clock.now())
    track_store(egress_id="EG_2", content=BytesIO(b"theirs"), started_at=track.agreed_at, now=clock.now())
    track.refresh_from_db()
    return track


async def test_the_page_gives_each_turn_its_place_in_the_sound(said):
    html = (await (await sync_to_async(client)(said.awa)).get(said.page)).content.decode()
    assert f'data-sound="{said.address}"' in html
    assert 'data-since="3.8" data-until="6.7"' in html
    assert 'id="player"' in html
    assert "Le son est gardé jusqu’au" in html


async def test_deleted_sound_is_said_and_the_text_stays(said):
    await sync_to_async(sound_delete)(track_id=said.track.pk, reason="expired", actor=SYSTEM, now=clock.now())
    html = (await (await sync_to_async(client)(said.awa)).get(said.page)).content.decode()
    assert "Bonjour à tous" in html
    assert "vous pouvez lire le texte, mais plus l’écouter" in html
    assert "data-sound" not in html
    assert 'id="player"' not in html
    assert (await get(said, said.awa)).status_code == 404
    assert not await Blob.objects.aexists()


async def test_bytes_that_are_gone_are_not_found(said):
    blob = await Blob.objects.aget()
    default_storage.delete(blob.key)
    assert (await get(said, said.awa)).status_code == 404


async def test_in_the_trash_it_is_not_played(said):
    said.transcript.resource.deleted_at = clock.now() - timedelta(seconds=1)
    await said.transcript.resource.asave()
    assert (await get(said, said.awa)).status_code == 404


async def test_export_goes_by_the_same_right_and_is_recorded(said):
    eva = await sync_to_async(lambda: people.person(people.organization("Préfecture"), "Eva", "Lambert"))()
    assert (await (await sync_to_async(client)(eva)).post(said.page + "export/")).status_code == 404
    assert not await Record.objects.filter(action="transcripts.transcript.exported").aexists()
    answer = await (await sync_to_async(client)(said.awa)).post(said.page + "export/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "Bonjour à tous" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert await Record.objects.filter(action="transcripts.transcript.exported").acount() == 1


async def test_deleted_for_ever_its_words_and_its_sound_are_gone_at_once(said):
    def delete() -> None:
        resource_discard(resource=said.transcript.resource, viewer=said.awa, now=clock.now())
        resource_purge(resource=said.transcript.resource, actor=said.awa.ref, now=clock.now())
        purged = ResourcePurged(resource_id=said.transcript.pk, kind=ResourceKind.TRANSCRIPT, at=clock.now())
        erase_transcript(purged)
        erase_transcript(purged)

    blob = await Blob.objects.aget()
    await sync_to_async(delete)()
    assert not default_storage.exists(blob.key)
    assert [await model.objects.acount() for model in (Blob, Transcript, TurnRow)] == [0, 0, 0]
    assert (await CapturedTrack.objects.aget()).sound_deleted_at is not None
    reasons = [one.details["reason"] async for one in Record.objects.filter(action="meetings.sound.deleted")]
    assert reasons == ["transcript deleted"]


async def test_a_room_deleted_for_ever_takes_the_sound_of_its_meetings(said):
    room_id = said.transcript.meeting.room_id
    await sync_to_async(erase_sound_of_room)(ResourcePurged(resource_id=room_id, kind=ResourceKind.ROOM, at=clock.now()))
    assert not await Blob.objects.aexists()
    assert await Transcript.objects.aexists()


async def test_a_document_made_of_it_may_be_deleted_for_ever(said):
    def delete() -> None:
        document = transcript_open_as_document(transcript=said.transcript, viewer=said.awa, now=clock.now())
        resource_discard(resource=document.resource, viewer=said.awa, now=clock.now())
        resource_purge(resource=document.resource, actor=said.awa.ref, now=clock.now())
        erase_document(ResourcePurged(resource_id=document.pk, kind=ResourceKind.DOCUMENT, at=clock.now()))

    await sync_to_async(delete)()
    assert (await Transcript.objects.aget()).document_id is None
