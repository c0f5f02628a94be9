"""Adding people before they come, and taking back who left."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from suite.accounts.errors import AlreadyThere, DeactivatedElsewhere
from suite.accounts.models import Membership, Organization, Unit, User
from suite.accounts.services.memberships import membership_start
from suite.accounts.services.people import user_reactivate
from suite.accounts.services.provisioning import user_provision
from suite.kernel.refs import ActorRef


@transaction.atomic
def person_bring_in(
    *,
    organization: Organization,
    unit: Unit | None,
    email: str,
    given_name: str,
    usual_name: str,
    actor: ActorRef,
    now: datetime,
) -> Membership:
    """Add somebody before their first sign-in, who is tied to them by the mail address; or take back who left.

    Raises `AlreadyThere` where a member has that address, `DeactivatedElsewhere` where another organisation, in which they work
    now, has let them go, `BadInput` where `unit` is another organisation's.
    """
    Organization.objects.select_for_update().get(id=organization.id)  # two additions of one address wait for each other
    same = Membership.objects.filter(organization=organization, user__email__iexact=email)
    if same.filter(ended_at=None).exists():
        raise AlreadyThere
    former = same.order_by("-ended_at").first()
    if former is None:
        return user_provision(organization=organization, unit=unit, email=email, given_name=given_name,
                              usual_name=usual_name, actor=actor, now=now)  # fmt: skip
    user = User.objects.select_for_update().get(id=former.user_id)
    if not user.is_active and user.memberships.filter(ended_at=None).exists():
        raise DeactivatedElsewhere
    membership = membership_start(user=user, organization=organization, unit=unit, actor=actor, now=now)
    if not user.is_active:
        user_reactivate(membership=membership, actor=actor, now=now)
    return membership
