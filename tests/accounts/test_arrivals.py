"""Bringing people in, moving them, ending a membership: through the pages of those who administer people."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from suite.accounts.events import MembershipEnded
from suite.accounts.models import Membership, Organization, Role, RoleAssignment, Unit, User
from suite.accounts.oidc.claims import Claims
from suite.accounts.services.memberships import membership_end, membership_start
from suite.accounts.services.people import user_deactivate
from suite.accounts.services.sign_ins import person_recognize
from suite.accounts.viewer import Viewer
from suite.audit.models import Record
from suite.kernel import clock
from suite.kernel.events import subscribers_of
from suite.kernel.models import OutboxEvent
from suite.kernel.refs import SYSTEM
from suite.meetings.access import Standing
from suite.meetings.models import ParticipationState
from suite.meetings.services.participations import participation_ask
from suite.meetings.services.rooms import room_create
from tests import people

pytestmark = pytest.mark.django_db
GIVEN = {"given_name": "Nora", "usual_name": "Nouvelle", "email": "nora@example.org"}


@pytest.fixture
def here() -> Organization:
    return people.organization("Ville")


@pytest.fixture
def bureau(here: Organization) -> Unit:
    return Unit.objects.create(organization=here, name="Bureau")


@pytest.fixture
def hr(here: Organization) -> Viewer:
    return people.person(here, "Claire", "Petit", role=Role.HR_ADMINISTRATOR)


@pytest.fixture
def delegate(here: Organization, bureau: Unit) -> Viewer:
    """Administers one unit and what is below."""
    return people.person(here, "Ana", "Delegue", role=Role.HR_ADMINISTRATOR, role_unit=bureau, unit=bureau)


def page_of(viewer: Viewer) -> Client:
    client = Client(headers={"accept": "text/html"})
    client.cookies[settings.SESSION_COOKIE_NAME] = people.session_of(viewer)
    return client


def signs_in(organization: Organization, email: str) -> Membership:
    claims = Claims(
        issuer="https://provider.example", sub=f"sub of {email}", email=email, email_vouched=True, given_name="N",
        usual_name="N", siret=organization.siret, organizational_unit="", acr=people.STRONG, amr=("pwd",), sid="sid",
    )  # fmt: skip
    return person_recognize(claims=claims, now=clock.now())


def membership_of(viewer: Viewer) -> Membership:
    return Membership.objects.select_related("user", "organization").get(id=viewer.membership_id)


def test_somebody_added_signs_in_as_that_person(here: Organization, hr: Viewer, bureau: Unit) -> None:
    answer = page_of(hr).post("/people/add/", {**GIVEN, "unit": str(bureau.id)}, follow=True)
    assert "Nora Nouvelle" in answer.content.decode()
    made = Membership.objects.get(user__email="nora@example.org")
    assert (made.unit, made.organization) == (bureau, here)
    assert signs_in(here, "Nora@Example.org") == made
    record = Record.objects.get(action="accounts.person.provisioned")
    assert (record.actor_id, record.target_id) == (hr.user_id, made.user_id)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"given_name": " "}, "given_name"),
        ({"usual_name": "x" * 101}, "usual_name"),
        ({"email": "nora"}, "email"),
        ({"email": ""}, "email"),
        ({"unit": "no"}, "unit"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(hr: Viewer, wrong: dict[str, str], field: str) -> None:
    answer = page_of(hr).post("/people/add/", {**GIVEN, **wrong})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert f'id="id_{field}-error"' in answer.content.decode()
    assert not User.objects.filter(given_name="Nora").exists()


def test_a_member_is_not_added_twice(hr: Viewer) -> None:
    assert page_of(hr).post("/people/add/", GIVEN).status_code == 302
    again = page_of(hr).post("/people/add/", {**GIVEN, "email": "NORA@example.org"})
    assert list(again.context["form"].errors) == ["email"]
    assert User.objects.filter(given_name="Nora").count() == 1


def test_the_same_address_elsewhere_is_another_person(hr: Viewer) -> None:
    there = people.person(people.organization("Ailleurs"), "Nora", "Ailleurs")
    assert page_of(hr).post("/people/add/", {**GIVEN, "email": there.email}).status_code == 302
    assert User.objects.filter(email=there.email).count() == 2


def test_who_left_is_taken_back_as_the_same_person(here: Organization, hr: Viewer) -> None:
    page_of(hr).post("/people/add/", GIVEN)
    before = signs_in(here, "nora@example.org")
    user_deactivate(membership=before, actor=SYSTEM, now=clock.now())
    membership_end(membership=before, actor=SYSTEM, now=clock.now())
    assert page_of(hr).post("/people/add/", GIVEN).status_code == 302
    after = signs_in(here, "nora@example.org")
    assert (after.user_id, after.id == before.id) == (before.user_id, False)


def test_who_another_organisation_has_let_go_is_not_taken_back_until_it_gives_them_up(here: Organization, hr: Viewer) -> None:
    page_of(hr).post("/people/add/", GIVEN)
    before = signs_in(here, "nora@example.org")
    there = people.organization("Ailleurs")
    theirs = membership_start(user=before.user, organization=there, unit=None, actor=SYSTEM, now=clock.now())
    membership_end(membership=before, actor=SYSTEM, now=clock.now())
    user_deactivate(membership=theirs, actor=SYSTEM, now=clock.now())
    refused = page_of(hr).post("/people/add/", GIVEN)
    assert list(refused.context["form"].errors) == ["email"]
    assert not User.objects.get(id=before.user_id).is_active
    assert not Membership.objects.filter(organization=here, user_id=before.user_id, ended_at=None).exists()
    membership_end(membership=theirs, actor=SYSTEM, now=clock.now())
    assert page_of(hr).post("/people/add/", GIVEN).status_code == 302
    assert User.objects.get(id=before.user_id).is_active


def test_a_unit_s_administrator_adds_and_moves_inside_it_alone(delegate: Viewer, here: Organization, bureau: Unit) -> None:
    elsewhere = Unit.objects.create(organization=here, name="Ailleurs")
    below = Unit.objects.create(organization=here, name="Dessous", parent=bureau)
    for unit in ("", str(elsewhere.id)):
        assert page_of(delegate).post("/people/add/", {**GIVEN, "unit": unit}).status_code == 400
    assert page_of(delegate).post("/people/add/", {**GIVEN, "unit": str(below.id)}).status_code == 302
    made = Membership.objects.get(user__email="nora@example.org")
    for unit in ("", str(elsewhere.id)):
        assert page_of(delegate).post(f"/people/{made.user_id}/move/", {"unit": unit}).status_code == 400
    assert page_of(delegate).post(f"/people/{made.user_id}/move/", {"unit": str(bureau.id)}).status_code == 302
    made.refresh_from_db()
    assert made.unit == bureau


def test_a_unit_s_administrator_changes_nobody_above(delegate: Viewer, here: Organization, bureau: Unit) -> None:
    bureau.parent = Unit.objects.create(organization=here, name="Direction")
    bureau.save()
    over_all = people.person(here, "Marc", "Dessus", role=Role.AUDITOR, unit=bureau)
    over_more = people.person(here, "Nora", "Dessus", role=Role.HR_ADMINISTRATOR, role_unit=bureau.parent, unit=bureau)
    for above in (over_all, over_more):
        shown = page_of(delegate).get(f"/people/{above.user_id}/")
        assert shown.status_code == 200
        assert "/move/" not in shown.content.decode()
        for act in ("move", "leave", "deactivate"):
            assert page_of(delegate).post(f"/people/{above.user_id}/{act}/", {"unit": str(bureau.id)}).status_code == 403


def test_a_role_over_the_same_unit_or_elsewhere_puts_nobody_above(delegate: Viewer, here: Organization, bureau: Unit) -> None:
    beside = people.person(here, "Marc", "Voisin", role=Role.AUDITOR, role_unit=bureau, unit=bureau)
    elsewhere = people.person(here, "Zoé", "Ailleurs", unit=bureau)
    RoleAssignment.objects.create(user_id=elsewhere.user_id, role=Role.AUDITOR, organization=people.organization("Ailleurs"))
    for person in (beside, elsewhere):
        assert page_of(delegate).post(f"/people/{person.user_id}/move/", {"unit": str(bureau.id)}).status_code == 302


def test_a_role_elsewhere_makes_no_unit_s_scope_wider(delegate: Viewer, here: Organization) -> None:
    people.person(here, "Bruno", "Martin")
    elsewhere = people.organization("Ailleurs")
    RoleAssignment.objects.create(user_id=delegate.user_id, role=Role.HR_ADMINISTRATOR, organization=elsewhere)
    rows: Any = page_of(delegate).get("/people/").context["rows"]
    assert [row["membership"].user.usual_name for row in rows] == ["Delegue"]


def test_who_administers_the_whole_organisation_changes_everybody_in_it(hr: Viewer, here: Organization, bureau: Unit) -> None:
    auditor = people.person(here, "David", "Roche", role=Role.AUDITOR)
    assert page_of(hr).post(f"/people/{auditor.user_id}/move/", {"unit": str(bureau.id)}).status_code == 302
    assert membership_of(auditor).unit == bureau


def test_moving_is_recorded_and_foreign_units_are_refused(hr: Viewer, here: Organization, bureau: Unit) -> None:
    staff = people.person(here, "Bruno", "Martin")
    foreign = Unit.objects.create(organization=people.organization("Ailleurs"), name="Bureau")
    assert page_of(hr).post(f"/people/{staff.user_id}/move/", {"unit": str(foreign.id)}).status_code == 400
    assert page_of(hr).post(f"/people/{staff.user_id}/move/", {"unit": str(bureau.id)}).status_code == 302
    assert membership_of(staff).unit == bureau
    record = Record.objects.get(action="accounts.membership.moved")
    assert (record.actor_id, record.details) == (hr.user_id, {"unit_id": str(bureau.id)})
    assert page_of(hr).post(f"/people/{staff.user_id}/move/", {"unit": ""}).status_code == 302
    assert membership_of(staff).unit is None


def test_roles_are_shown_with_their_unit(hr: Viewer, delegate: Viewer) -> None:
    answer: Any = page_of(hr).get(f"/people/{delegate.user_id}/")
    assert [(str(role), unit) for role, unit in answer.context["person_roles"]] == [("Administre les personnes", "Bureau")]


@pytest.mark.usefixtures("engines")
def test_ending_a_membership_ends_what_is_here_and_nothing_elsewhere(hr: Viewer, here: Organization) -> None:
    elsewhere = people.organization("Ailleurs")
    staff = people.person(here, "Bruno", "Martin")
    other = Membership.objects.create(user_id=staff.user_id, organization=elsewhere, started_at=clock.now())
    sittings = []
    for membership in (membership_of(staff), other):
        host = people.person(membership.organization, "Awa", "Diop")
        room = room_create(viewer=host, title="Point", now=clock.now())
        sittings.append(
            participation_ask(room=room, viewer=staff if membership != other else None, standing=Standing.MEMBER, name="B",
                              shared_microphone=False, now=clock.now())
        )  # fmt: skip
    sittings[1].user_id = staff.user_id
    sittings[1].save(update_fields=["user"])
    client = page_of(hr)
    asked = client.get(f"/people/{staff.user_id}/").content.decode()
    assert f"/people/{staff.user_id}/leave/" in asked
    assert f"/people/{staff.user_id}/deactivate/" not in asked
    assert "Bruno Martin" in client.get(f"/people/{staff.user_id}/leave/").content.decode()
    assert membership_of(staff).ended_at is None
    assert client.post(f"/people/{staff.user_id}/leave/").status_code == 302
    assert membership_of(staff).ended_at is not None
    assert client.get(f"/people/{staff.user_id}/").status_code == 404
    ended = MembershipEnded(user_id=staff.user_id, organization_id=here.id, at=clock.now())
    for subscriber in subscribers_of(OutboxEvent.objects.get(name=ended.name).name).values():
        subscriber(ended)
    for sitting in sittings:
        sitting.refresh_from_db()
    assert sittings[0].state == ParticipationState.REMOVED
    assert sittings[1].state != ParticipationState.REMOVED


def test_nobody_ends_their_own_membership(hr: Viewer) -> None:
    assert page_of(hr).post(f"/people/{hr.user_id}/leave/").status_code == 403
    assert membership_of(hr).ended_at is None
