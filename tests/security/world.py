"""One of everything, all Awa's, with words that nobody else may read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from io import BytesIO

from suite.accounts.models import Organization, Role, SignIn
from suite.accounts.viewer import Viewer
from suite.chat.public import Author, message_post
from suite.chat.services import channel_create
from suite.documents.public import Paragraph, document_create
from suite.files.public import blob_store
from suite.kernel import clock
from suite.meetings.access import Standing
from suite.meetings.models import CapturedTrack, Participation
from suite.meetings.selectors import open_capture
from suite.meetings.services.captures import capture_start, capture_stop, consent_give
from suite.meetings.services.meetings import meeting_end
from suite.meetings.services.participations import participation_ask, participation_joined
from suite.meetings.services.rooms import room_create
from suite.resources.models import Access, AccessRequest, Favourite, Invitation, LinkReach, Resource, ResourceRole
from suite.resources.services.favourites import favourite_add
from suite.resources.services.invitations import invitation_make
from suite.resources.services.requests import request_ask
from suite.resources.services.trash import resource_discard
from suite.transcripts.models import TrackWork, Transcript, Turn
from suite.transcripts.services import transcript_open
from tests.people import organization, person

TITLE = "Titre-Zanzibar-7f3a"
CONTENT = "Contenu-Zanzibar-91be"


@dataclass(frozen=True)
class World:
    """Ids of what Awa owns, and the people who should not reach it."""

    visitors: dict[str, Viewer | None]
    awa: Viewer
    eva: Viewer
    document: uuid.UUID
    channel: uuid.UUID
    access: uuid.UUID
    discarded: uuid.UUID
    request: uuid.UUID
    invitation: uuid.UUID
    room: uuid.UUID
    slug: str
    meeting: uuid.UUID
    open_meeting: uuid.UUID
    participation: uuid.UUID
    transcript: uuid.UUID
    track: uuid.UUID


def a_world() -> World:
    """Made through the services, as the pages make it."""
    town = organization("Ville")
    awa = person(town)
    eva = person(organization("Préfecture"), "Eva", "Lambert")
    visitors: dict[str, Viewer | None] = {
        "elsewhere": eva,
        "guest": None,
        "colleague": person(town, "Bruno", "Martin"),
        "hr": person(town, "Claire", "Petit", role=Role.HR_ADMINISTRATOR),
        "auditor": person(town, "David", "Roche", role=Role.AUDITOR),
    }
    now = clock.now()
    document = document_create(
        organization_id=town.id,
        title=TITLE,
        owner_id=awa.user_id,
        actor=awa.ref,
        now=now,
        paragraphs=[Paragraph.plain(CONTENT)],
    )
    channel = channel_create(organization_id=town.id, title=TITLE, kind="channel", owner_id=awa.user_id, actor=awa.ref, now=now)
    message_post(channel=channel, author=Author.of(awa), body=CONTENT, ref="1", now=now)
    meeting, transcript = _past_meeting(awa, town)
    discarded = document_create(organization_id=town.id, title=TITLE, owner_id=awa.user_id, actor=awa.ref, now=now)
    favourite_add(resource=discarded.resource, viewer=awa, now=now)
    resource_discard(resource=discarded.resource, viewer=awa, now=now)
    request_ask(resource_id=document.pk, viewer=person(town, "Fatou", "Sow"), message=CONTENT, now=now)
    invitation = invitation_make(
        resource=document.resource, email="zoe@ailleurs.example", role=ResourceRole.READER, viewer=awa, now=now
    )
    assert invitation is not None
    room_create(viewer=awa, title=TITLE, now=now)  # made for later: nobody has met there
    room = room_create(viewer=awa, title=TITLE, now=now)
    Resource.objects.filter(id=room.pk).update(link_reach=LinkReach.RESTRICTED)
    room.refresh_from_db()
    mine = participation_ask(room=room, viewer=awa, standing=Standing.MODERATOR, name="", shared_microphone=False, now=now)
    return World(
        visitors=visitors,
        awa=awa,
        eva=eva,
        document=document.pk,
        channel=channel.pk,
        discarded=discarded.pk,
        request=AccessRequest.objects.get(resource_id=document.pk).id,
        invitation=invitation.id,
        access=Access.objects.get(resource_id=document.pk).id,
        room=room.pk,
        slug=room.slug,
        meeting=meeting,
        open_meeting=mine.meeting_id,
        participation=mine.id,
        transcript=transcript,
        track=CapturedTrack.objects.get(capture__transcript=transcript).id,
    )


def _past_meeting(awa: Viewer, town: Organization) -> tuple[uuid.UUID, uuid.UUID]:
    now = clock.now()
    room = room_create(viewer=awa, title=TITLE, now=now)
    mine = participation_ask(room=room, viewer=awa, standing=Standing.MODERATOR, name="", shared_microphone=False, now=now)
    participation_joined(participation=mine, now=now)
    message_post(channel=mine.meeting.channel, author=Author.of(awa), body=CONTENT, ref="2", now=now)
    capture_start(meeting=mine.meeting, viewer=awa, now=now)
    consent_give(participation=mine, now=now)
    capture = open_capture(mine.meeting_id)
    assert capture is not None
    transcript = transcript_open(capture=capture, now=now)
    track = CapturedTrack.objects.create(capture=capture, participation=mine, track_sid="TR_1", agreed_at=now, ended_at=now,
                                         blob=blob_store(content=BytesIO(CONTENT.encode()), media_type="audio/ogg",
                                                         organization_id=town.id, actor=awa.ref, now=now))  # fmt: skip
    work = TrackWork.objects.create(transcript=transcript, track=track)
    Turn.objects.create(work=work, transcript=transcript, participation=mine, ordinal=0, start=0, end=1, text=CONTENT)
    capture_stop(capture=capture, actor=awa.ref, now=now)
    meeting_end(meeting=mine.meeting, actor=awa.ref, now=clock.now())
    Transcript.objects.filter(pk=transcript.pk).update(state="ready")
    assert town.id == mine.meeting.organization_id
    return mine.meeting_id, transcript.pk


def what_awa_has(world: World) -> dict[str, object]:
    """Everything of hers that a visitor could have changed."""
    hers = Resource.objects.filter(owner_id=world.awa.user_id).order_by("id")
    accesses = Access.objects.filter(resource__in=hers).order_by("id")
    participations = Participation.objects.filter(user_id=world.awa.user_id).order_by("id")
    return {
        "resources": list(hers.values_list("id", "title", "link_reach", "link_role", "deleted_at", "purged_at")),
        "accesses": list(accesses.values_list("id", "role", "user_id")),
        "favourites": list(Favourite.objects.filter(user_id=world.awa.user_id).values_list("resource_id")),
        "invitations": list(Invitation.objects.values_list("id", "role", "accepted_at")),
        "answered": AccessRequest.objects.exclude(state="waiting").count(),
        "participations": list(participations.values_list("id", "state", "name")),
        "sign_ins": SignIn.objects.filter(user_id=world.awa.user_id, ended_at=None).count(),
        "turns": list(Turn.objects.order_by("id").values_list("text")),
    }
