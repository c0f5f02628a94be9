"""Small worlds for the calls."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from suite.accounts.models import Membership, Organization, Role, User
from suite.accounts.oidc.claims import Claims
from suite.accounts.viewer import Viewer
from suite.kernel import clock
from suite.meetings.access import Standing
from suite.meetings.models import Capture, CapturedTrack, Consent, Meeting, Participation
from suite.meetings.selectors import open_capture
from suite.meetings.services.captures import capture_start, consent_give, track_claim, track_recording
from suite.meetings.services.participations import participation_ask, participation_joined
from suite.meetings.services.rooms import room_create
from suite.resources.models import Resource
from suite.resources.services.trash import resource_discard, resource_purge
from tests import people


@dataclass
class House:
    """An organisation, who administers its people, and one of them."""

    organization: Organization
    hr: Viewer
    staff: Viewer

    @property
    def membership(self) -> Membership:
        return Membership.objects.select_related("user", "organization").get(id=self.staff.membership_id)

    @property
    def user(self) -> User:
        return User.objects.get(id=self.staff.user_id)


def house() -> House:
    organization = people.organization()
    return House(
        organization=organization,
        hr=people.person(organization, "Claire", "Petit", role=Role.HR_ADMINISTRATOR),
        staff=people.person(organization, "Bruno", "Martin"),
    )


def claims(organization: Organization, email: str) -> Claims:
    return Claims(
        issuer="https://provider.example", sub=f"sub of {email}", email=email, email_vouched=True, given_name="Awa",
        usual_name="Diop", siret=organization.siret, organizational_unit="", acr=people.STRONG, amr=("pwd",), sid="sid",
    )  # fmt: skip


@dataclass
class Sitting:
    """A meeting of Awa's with a guest at the door."""

    awa: Viewer
    meeting: Meeting
    present: Participation
    guest: Participation


def sitting() -> Sitting:
    awa = people.person(people.organization())
    room = room_create(viewer=awa, title="Point", now=clock.now())
    present = participation_ask(
        room=room, viewer=awa, standing=Standing.MODERATOR, name="", shared_microphone=False, now=clock.now()
    )
    guest = participation_ask(
        room=room, viewer=None, standing=Standing.VISITOR, name="Inès", shared_microphone=False, now=clock.now()
    )
    participation_joined(participation=present, now=clock.now())
    return Sitting(awa=awa, meeting=present.meeting, present=present, guest=guest)


def captured(at: Sitting) -> tuple[Capture, Consent]:
    """A transcription that Awa started and agreed to."""
    capture = capture_start(meeting=at.meeting, viewer=at.awa, now=clock.now())
    consent_give(participation=at.present, now=clock.now())
    return capture, Consent.objects.get(capture=capture, participation=at.present)


def recording(at: Sitting) -> CapturedTrack:
    """A track that is being recorded."""
    _capture, consent = captured(at)
    track = track_claim(consent=consent, track_sid="TR_1", now=clock.now())
    assert track is not None
    track_recording(track=track, egress_id="EG_1", now=clock.now())
    assert open_capture(at.meeting.id) is not None
    return track


def some_bytes() -> BytesIO:
    return BytesIO(b"some bytes")


def purged(resource: Resource, viewer: Viewer) -> None:
    """`resource` is deleted for ever; its app has not erased it yet."""
    resource_discard(resource=resource, viewer=viewer, now=clock.now())
    resource_purge(resource=resource, actor=viewer.ref, now=clock.now())
