"""Reading what lists of all kinds show; each takes the viewer, or says who has checked the right."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, QuerySet

from suite.accounts.public import Viewer
from suite.resources.access import administered_by, has_role, reachable_by, role_of
from suite.resources.models import AccessRequest, Favourite, Invitation, RequestState, Resource, ResourceRole
from suite.resources.places import Place, kinds_with_a_page, place_of

TOLD_DAYS = 30  # an answer that nobody dismissed is shown for so long

REQUESTS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Discarded:
    """A line of the trash."""

    place: Place
    discarded_at: datetime
    discarded_by: str
    is_by_me: bool
    empties_at: datetime
    may_delete: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody's request as those who may answer read it."""

    id: uuid.UUID
    place: Place
    name: str
    message: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the viewer's request. A refusal names nothing: `place` is None."""

    id: uuid.UUID
    place: Place | None
    asked_at: datetime


def list_favourites(*, viewer: Viewer, kinds: Collection[str] | None = None) -> QuerySet[Resource]:
    """What the viewer marked and may still read, the latest marked first."""
    return _of_kinds(viewer, kinds).filter(favourites__user_id=viewer.user_id).order_by("-favourites__added_at", "-id")


def list_recents(*, viewer: Viewer, kinds: Collection[str] | None = None) -> QuerySet[Resource]:
    """What the viewer opened and may still read, the latest opened first, each with `opened_at`."""
    mine = _of_kinds(viewer, kinds).filter(openings__user_id=viewer.user_id)
    return mine.annotate(opened_at=F("openings__opened_at")).order_by("-opened_at", "-id")


def favourite_ids(*, viewer: Viewer) -> frozenset[uuid.UUID]:
    """The ids of all that the viewer marked."""
    return frozenset(Favourite.objects.filter(user_id=viewer.user_id).values_list("resource_id", flat=True))


def is_favourite(*, viewer: Viewer, resource_id: uuid.UUID) -> bool:
    return Favourite.objects.filter(user_id=viewer.user_id, resource_id=resource_id).exists()


def list_trash(*, viewer: Viewer) -> QuerySet[Resource]:
    """What the viewer owns or administers and was discarded, the latest first."""
    discarded = administered_by(viewer).filter(deleted_at__isnull=False, kind__in=kinds_with_a_page())
    return discarded.select_related("deleted_by").order_by("-deleted_at", "-id")


def lines_of_trash(*, viewer: Viewer, discarded: Iterable[Resource]) -> list[Discarded]:
    """Each of `list_trash` as the page shows it."""
    lines = []
    for resource in discarded:
        if resource.deleted_at is None:
            continue
        lines.append(
            Discarded(
                place=place_of(viewer=viewer, resource=resource),
                discarded_at=resource.deleted_at,
                discarded_by=resource.deleted_by.name if resource.deleted_by else "",
                is_by_me=resource.deleted_by_id == viewer.user_id,
                empties_at=resource.deleted_at + timedelta(days=settings.TRASH_DAYS),
                may_delete=has_role(role_of(viewer=viewer, resource=resource), ResourceRole.OWNER),
            )
        )
    return lines


def list_requests_to(*, viewer: Viewer) -> list[Asked]:
    """What others ask of the viewer: into what they own or administer, the longest waiting first."""
    mine = administered_by(viewer).filter(deleted_at=None, kind__in=kinds_with_a_page()).values("id")
    waiting = AccessRequest.objects.select_related("resource", "user").filter(resource__in=mine, state=RequestState.WAITING)
    return [
        Asked(
            id=one.id,
            place=place_of(viewer=viewer, resource=one.resource),
            name=one.user.name,
            message=one.message,
            asked_at=one.asked_at,
        )
        for one in waiting.filter(user__is_active=True).order_by("asked_at", "id")[:REQUESTS_SHOWN]
    ]


def list_answers_to(*, viewer: Viewer, now: datetime) -> list[Answer]:
    """The answers that the viewer has not read. What waits is not shown: the asker learns of no resource before its answer."""
    answered = (
        AccessRequest.objects.select_related("resource")
        .filter(user_id=viewer.user_id, told_at=None, answered_at__gt=now - timedelta(days=TOLD_DAYS))
        .exclude(state=RequestState.WAITING)
        .order_by("-answered_at", "-id")
    )
    open_now = set(reachable_by(viewer).filter(requests__in=answered).values_list("id", flat=True))
    return [
        Answer(id=one.id, place=place_of(viewer=viewer, resource=one.resource) if one.resource_id in open_now else None,
               asked_at=one.asked_at)
        for one in answered
        if one.state == RequestState.DECLINED or one.resource_id in open_now
    ]  # fmt: skip


def list_requests_of(*, resource: Resource) -> list[AccessRequest]:
    """Who waits for an access to `resource`; the caller administers it."""
    waiting = resource.requests.select_related("user").filter(state=RequestState.WAITING, user__is_active=True)
    return list(waiting.order_by("asked_at", "id"))


def list_invitations_of(*, resource: Resource, now: datetime) -> list[Invitation]:
    """Whom `resource` waits for; the caller administers it."""
    return list(resource.invitations.valid(now=now).order_by("invited_at", "id"))


def _of_kinds(viewer: Viewer, kinds: Collection[str] | None) -> QuerySet[Resource]:
    shown = kinds_with_a_page() if kinds is None else kinds
    return reachable_by(viewer).select_related("owner").filter(kind__in=shown)
