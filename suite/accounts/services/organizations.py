"""The organisations that Suite knows, and their units."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import IntegrityError, transaction

from suite.accounts.errors import NameMissing, NotASiret, OrganizationKnown, UnitKnown
from suite.accounts.models import Organization, Unit
from suite.audit.public import record
from suite.kernel.errors import BadInput
from suite.kernel.refs import ActorRef, TargetRef

SIRET = re.compile(r"[0-9]{14}", re.ASCII)


@transaction.atomic
def organization_create(*, name: str, siret: str, actor: ActorRef, now: datetime) -> Organization:
    """A new organisation, whose people may sign in from now on.

    Raises `NotASiret`, `NameMissing`, and `OrganizationKnown` where the SIRET is taken.
    """
    if not SIRET.fullmatch(siret):
        raise NotASiret
    try:
        with transaction.atomic():
            organization = Organization.objects.create(name=_name(name), siret=siret, created_at=now)
    except IntegrityError as error:
        raise OrganizationKnown from error
    record("accounts.organization.created", actor=actor, organization_id=organization.id, at=now,
           target=TargetRef(kind="organization", id=organization.id, label=organization.name))  # fmt: skip
    return organization


@transaction.atomic
def unit_create(*, organization: Organization, name: str, parent: Unit | None, actor: ActorRef, now: datetime) -> Unit:
    """A unit of `organization`, inside `parent` or at the top.

    Raises `NameMissing`, `UnitKnown` where one stands there under that name, `BadInput` for another organisation's `parent`.
    """
    if parent is not None and parent.organization_id != organization.id:
        raise BadInput
    try:
        with transaction.atomic():
            unit = Unit.objects.create(organization=organization, parent=parent, name=_name(name))
    except IntegrityError as error:
        raise UnitKnown from error
    record("accounts.unit.created", actor=actor, organization_id=organization.id, at=now,
           target=TargetRef(kind="unit", id=unit.id, label=unit.name))  # fmt: skip
    return unit


def _name(given: str) -> str:
    name = " ".join(given.replace("\x00", "").split())
    if not name or len(name) > 200:
        raise NameMissing
    return name
