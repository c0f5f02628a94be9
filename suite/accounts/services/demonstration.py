"""The demonstration's organisations and people, as the demonstration provider knows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from suite.accounts.models import Membership, Organization, Role, Unit
from suite.accounts.services.organizations import organization_create, unit_create
from suite.accounts.services.provisioning import user_provision
from suite.accounts.services.roles import role_grant
from suite.kernel.errors import Forbidden
from suite.kernel.refs import SYSTEM


@transaction.atomic
def demonstration_seed(*, known: dict[str, Any], now: datetime) -> int:
    """Make what is missing of the organisations and people in `known` (the shape of `provider/people.json`); how many people.

    Nobody's state is changed: who was deactivated stays so. Raises `Forbidden` outside demonstration mode.
    """
    if not settings.DEMONSTRATION:
        raise Forbidden
    organizations = {one["siret"]: _organization(one, now=now) for one in known["organizations"]}
    made = 0
    for person in known["people"]:
        organization = organizations[person["siret"]]
        found = Membership.objects.filter(organization=organization, user__email__iexact=person["email"]).first()
        if found is None:
            made += 1
            unit = Unit.objects.get(organization=organization, name=person["organizational_unit"])
            found = user_provision(organization=organization, unit=unit, email=person["email"], given_name=person["given_name"],
                                   usual_name=person["usual_name"], actor=SYSTEM, now=now)  # fmt: skip
            for role in person["roles"]:
                role_grant(membership=found, role=Role(role), unit=None, actor=SYSTEM, now=now)
            _keep_phone(found, person.get("phone", ""))
    return made


def _organization(one: dict[str, Any], *, now: datetime) -> Organization:
    organization = Organization.objects.filter(siret=one["siret"]).first()
    if organization is None:
        organization = organization_create(name=one["name"], siret=one["siret"], actor=SYSTEM, now=now)
    known = set(organization.units.filter(parent=None).values_list("name", flat=True))
    for name in one["units"]:
        if name not in known:
            unit_create(organization=organization, name=name, parent=None, actor=SYSTEM, now=now)
    return organization


def _keep_phone(membership: Membership, phone: str) -> None:
    membership.user.phone = phone
    membership.user.save(update_fields=["phone"])
