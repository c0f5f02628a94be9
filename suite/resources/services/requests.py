"""Asking for access, and answering. Asking says nothing of what exists: design 5."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction

from suite.accounts.public import Viewer
from suite.audit.public import record
from suite.kernel.errors import Conflict, Forbidden
from suite.resources.access import role_of
from suite.resources.models import AccessRequest, RequestState, Resource, ResourceRole
from suite.resources.places import kinds_with_a_page
from suite.resources.services.accesses import access_grant
from suite.resources.services.resources import clean_title

WAITING_MAX = 50  # of one person at a time
AGAIN = timedelta(days=7)  # after a refusal


@transaction.atomic
def request_ask(*, resource_id: uuid.UUID, viewer: Viewer, message: str, now: datetime) -> None:
    """Ask those who administer a resource of the viewer's organisation to let them in.

    Quietly nothing for what is absent, elsewhere, in the trash, open to them already, administered by nobody, asked for
    already or refused within `AGAIN`: the answer is the same for all of it.
    """
    resource = Resource.objects.filter(
        id=resource_id, organization_id=viewer.organization_id, deleted_at=None, kind__in=kinds_with_a_page(),
        accesses__role__in=[ResourceRole.ADMINISTRATOR, ResourceRole.OWNER],
    ).first()  # fmt: skip
    if resource is None or role_of(viewer=viewer, resource=resource) is not None:
        return
    mine = AccessRequest.objects.filter(user_id=viewer.user_id)
    if mine.filter(resource=resource, state=RequestState.DECLINED, answered_at__gt=now - AGAIN).exists():
        return
    if mine.filter(state=RequestState.WAITING).count() >= WAITING_MAX:
        return
    _request, made = AccessRequest.objects.get_or_create(
        resource=resource, user_id=viewer.user_id, state=RequestState.WAITING,
        defaults={"message": clean_title(message), "asked_at": now},
    )  # fmt: skip
    if made:
        record("resources.request.asked", actor=viewer.ref, target=resource.ref, organization_id=resource.organization_id,
               at=now)  # fmt: skip


@transaction.atomic
def request_accept(*, request: AccessRequest, role: ResourceRole, viewer: Viewer, now: datetime) -> None:
    """Give the asker `role`; the caller administers the resource.

    Raises `Conflict` where it is answered already, `Forbidden` for an owner's role.
    """
    held = _waiting(request)
    if role == ResourceRole.OWNER:
        raise Forbidden
    access_grant(resource=held.resource, role=role, actor=viewer.ref, now=now, user_id=held.user_id)
    record("resources.request.accepted", actor=viewer.ref, target=held.resource.ref, at=now,
           organization_id=held.resource.organization_id, role=str(role), principal_id=str(held.user_id))  # fmt: skip


@transaction.atomic
def request_decline(*, request: AccessRequest, viewer: Viewer, now: datetime) -> None:
    """Refuse; the asker is told, and not of what. The caller administers the resource; `Conflict` as in `request_accept`."""
    held = _waiting(request)
    held.state, held.answered_at, held.answered_by_id = RequestState.DECLINED, now, viewer.user_id
    held.save(update_fields=["state", "answered_at", "answered_by"])
    record("resources.request.declined", actor=viewer.ref, target=held.resource.ref, at=now,
           organization_id=held.resource.organization_id, principal_id=str(held.user_id))  # fmt: skip


@transaction.atomic
def request_read_answer(*, request: AccessRequest, viewer: Viewer, now: datetime) -> None:
    """The asker has read the answer: their home page shows it no more."""
    request.told_at = now
    request.save(update_fields=["told_at"])
    record("resources.request.read", actor=viewer.ref, target=request.resource.ref, at=now,
           organization_id=request.resource.organization_id)  # fmt: skip


def _waiting(request: AccessRequest) -> AccessRequest:
    held = AccessRequest.objects.select_for_update(of=("self",)).select_related("resource").get(id=request.id)
    if held.state != RequestState.WAITING:
        raise Conflict
    return held
