"""What operators name on a command line, found: an organisation by its SIRET, a person by mail, a unit by name."""

from __future__ import annotations

from django.core.management.base import CommandError

from suite.accounts.models import Membership, Organization, Role, RoleAssignment, Unit

ROLES = {"hr": Role.HR_ADMINISTRATOR, "auditor": Role.AUDITOR}


def organization_of(siret: str) -> Organization:
    """Raises `CommandError` where no organisation has that SIRET."""
    found = Organization.objects.filter(siret=siret).first()
    if found is None:
        raise CommandError(
            f"No organisation has the SIRET {siret}: organization_create makes one, role_list names those there."
        )
    return found


def unit_of(organization: Organization, name: str | None) -> Unit | None:
    """The unit of that name, None for no name; raises `CommandError` for none, and for several."""
    if name is None:
        return None
    found = list(organization.units.filter(name=name)[:2])
    if len(found) != 1:
        state = "no unit" if not found else "several units"
        raise CommandError(f"{organization.name} has {state} named {name!r}.")
    return found[0]


def member_of(organization: Organization, email: str) -> Membership:
    """The active member with that mail address; raises `CommandError` for nobody, and for several."""
    members = Membership.objects.select_related("user", "organization").filter(organization=organization, ended_at=None)
    found = list(members.filter(user__email__iexact=email)[:2])
    if not found:
        raise CommandError(f"Nobody in {organization.name} has the mail address {email}: person_create adds somebody.")
    if len(found) > 1:
        raise CommandError(f"Several people in {organization.name} have the mail address {email}.")
    return found[0]


def assignment_of(membership: Membership, role: Role, unit: Unit | None) -> RoleAssignment:
    """The role that the person holds there; raises `CommandError` where they do not."""
    held = RoleAssignment.objects.select_related("user").filter(
        user_id=membership.user_id, organization_id=membership.organization_id, role=role, unit=unit
    )
    found = held.first()
    if found is None:
        raise CommandError(f"{membership.user.name} does not hold this role there.")
    return found
