"""What pages read of sharing, as JSON values."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from suite.accounts.public import Viewer
from suite.resources import contract
from suite.resources.access import has_role, role_of
from suite.resources.models import Access, Resource, ResourceRole
from suite.resources.selectors import list_invitations_of, list_requests_of


def sharing_payload(viewer: Viewer, resource: Resource, now: datetime) -> contract.Sharing:
    """Who has access to `resource`, and, for who administers it, who asks for it and whom it waits for."""
    held = role_of(viewer=viewer, resource=resource)
    may_share = has_role(held, ResourceRole.ADMINISTRATOR)
    accesses = resource.accesses.select_related("user", "group", "unit", "organization").order_by("granted_at", "id")
    requests = list_requests_of(resource=resource) if may_share else []
    invitations = list_invitations_of(resource=resource, now=now) if may_share else []
    return {
        "role": _role(held),
        "may_share": may_share,
        "link": {"reach": cast("contract.Reach", resource.link_reach), "role": _role(resource.link_role)},
        "accesses": [{"id": str(one.id), "role": _role(one.role), "principal": _principal(one)} for one in accesses],
        "requests": [
            {
                "id": str(one.id),
                "person": {"id": str(one.user_id), "name": one.user.name},
                "message": one.message,
                "asked_at": one.asked_at.isoformat(),
            }
            for one in requests
        ],
        "invitations": [
            {"id": str(one.id), "email": one.email, "role": _role(one.role), "mailed": one.mailed_at is not None}
            for one in invitations
        ],
    }


def _role(role: str | None) -> contract.Role:
    """The database's own choices are the contract's."""
    return cast("contract.Role", role)


def _principal(access: Access) -> contract.Principal:
    if access.user is not None:
        return {"kind": "person", "id": str(access.user.id), "name": access.user.name}
    if access.group is not None:
        return {"kind": "group", "id": str(access.group.id), "name": access.group.name}
    if access.unit is not None:
        return {"kind": "unit", "id": str(access.unit.id), "name": access.unit.name}
    if access.organization is not None:
        return {"kind": "organization", "id": str(access.organization.id), "name": access.organization.name}
    raise AssertionError  # the database's own constraint: exactly one principal
