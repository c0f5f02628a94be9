"""Administering people and auditing exclude each other in one person: in the services, and in the database whoever writes."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from suite.accounts.errors import NotOneself, RolesExclude
from suite.accounts.models import Membership, Role, RoleAssignment, Unit
from suite.accounts.selectors import roles_of
from suite.accounts.services.memberships import membership_end, membership_move, membership_start
from suite.accounts.services.roles import role_grant, role_revoke
from suite.accounts.viewer import Viewer
from suite.kernel import clock
from suite.kernel.errors import BadInput
from suite.kernel.refs import SYSTEM
from tests import people


def membership_of(viewer: Viewer) -> Membership:
    return Membership.objects.select_related("user").get(id=viewer.membership_id)


@pytest.mark.django_db
def test_the_services_refuse_the_other_role() -> None:
    one = membership_of(people.person(people.organization(), role=Role.HR_ADMINISTRATOR))
    with pytest.raises(RolesExclude):
        role_grant(membership=one, role=Role.AUDITOR, unit=None, actor=SYSTEM, now=clock.now())
    assert roles_of(membership=one) == {Role.HR_ADMINISTRATOR}
    role_revoke(assignment=RoleAssignment.objects.get(user=one.user), actor=SYSTEM, now=clock.now())
    role_grant(membership=one, role=Role.AUDITOR, unit=None, actor=SYSTEM, now=clock.now())
    assert roles_of(membership=one) == {Role.AUDITOR}


@pytest.mark.django_db
def test_nobody_changes_their_own_roles() -> None:
    hr = people.person(people.organization(), role=Role.HR_ADMINISTRATOR)
    with pytest.raises(NotOneself):
        role_revoke(assignment=RoleAssignment.objects.get(user_id=hr.user_id), actor=hr.ref, now=clock.now())
    with pytest.raises(NotOneself):
        role_grant(membership=membership_of(hr), role=Role.HR_ADMINISTRATOR, unit=None, actor=hr.ref, now=clock.now())
    with pytest.raises(NotOneself):
        membership_end(membership=membership_of(hr), actor=hr.ref, now=clock.now())


@pytest.mark.django_db
def test_a_unit_of_another_organisation_is_refused() -> None:
    foreign = Unit.objects.create(organization=people.organization("Ailleurs"), name="Bureau")
    one = membership_of(people.person(people.organization()))
    with pytest.raises(BadInput):
        role_grant(membership=one, role=Role.AUDITOR, unit=foreign, actor=SYSTEM, now=clock.now())
    with pytest.raises(BadInput):
        membership_move(membership=one, unit=foreign, actor=SYSTEM, now=clock.now())
    with pytest.raises(BadInput):
        membership_start(user=one.user, organization=people.organization(), unit=foreign, actor=SYSTEM, now=clock.now())


@pytest.mark.django_db
def test_the_database_refuses_both_even_across_organisations() -> None:
    one = people.person(people.organization(), role=Role.AUDITOR)
    elsewhere = people.organization("Ailleurs")
    membership_start(user=membership_of(one).user, organization=elsewhere, unit=None, actor=SYSTEM, now=clock.now())
    with pytest.raises(IntegrityError, match="both administer people and audit"), transaction.atomic():
        RoleAssignment.objects.create(user_id=one.user_id, role=Role.HR_ADMINISTRATOR, organization=elsewhere)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.bulk_create(
            [RoleAssignment(user_id=one.user_id, role=Role.HR_ADMINISTRATOR, organization=elsewhere)]
        )
    second = RoleAssignment.objects.create(user_id=one.user_id, role=Role.AUDITOR, organization=elsewhere)
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleAssignment.objects.filter(id=second.id).update(role=Role.HR_ADMINISTRATOR)


@pytest.mark.django_db(transaction=True)
def test_two_grants_at_once_leave_one_role() -> None:
    one = people.person(people.organization())
    together = threading.Barrier(2)
    refused: list[IntegrityError] = []

    def grant(role: Role) -> None:
        try:
            with transaction.atomic():
                together.wait(10)
                RoleAssignment.objects.create(user_id=one.user_id, role=role, organization_id=one.organization_id)
        except IntegrityError as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=grant, args=[role]) for role in Role]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert RoleAssignment.objects.filter(user_id=one.user_id).count() == 1


@pytest.mark.django_db
def test_ending_a_membership_ends_its_roles_and_sessions_and_no_others() -> None:
    here, elsewhere = people.organization(), people.organization("Ailleurs")
    one = people.person(here, role=Role.AUDITOR)
    other = membership_start(user=membership_of(one).user, organization=elsewhere, unit=None, actor=SYSTEM, now=clock.now())
    role_grant(membership=other, role=Role.AUDITOR, unit=None, actor=SYSTEM, now=clock.now())
    people.session_of(one)
    membership_end(membership=membership_of(one), actor=SYSTEM, now=clock.now())
    assert membership_of(one).user.sign_ins.filter(ended_at=None).count() == 0
    assert roles_of(membership=membership_of(one)) == frozenset()
    assert roles_of(membership=other) == {Role.AUDITOR}
    assert membership_of(one).user.is_active
