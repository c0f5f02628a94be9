"""The one right: what a viewer may do with a resource, from their accesses and from the link's reach."""

from __future__ import annotations

import uuid

from django.db.models import Case, IntegerField, Max, Q, QuerySet, Value, When

from suite.accounts.public import Viewer
from suite.kernel.errors import Forbidden, NotFound
from suite.resources.models import Access, AccessRequest, Invitation, LinkReach, Resource, ResourceRole

RANK: dict[str, int] = {role: rank for rank, role in enumerate(ResourceRole.values, start=1)}


def role_of(*, viewer: Viewer, resource: Resource) -> ResourceRole | None:
    """The highest role that `viewer` holds on `resource`, or None."""
    best = Access.objects.filter(_principal(viewer), resource=resource).aggregate(best=Max(_rank("role")))["best"] or 0
    if _link_lets_in(viewer, resource):
        best = max(best, RANK[resource.link_role])
    return ResourceRole(ResourceRole.values[best - 1]) if best else None


def has_role(held: ResourceRole | None, need: ResourceRole) -> bool:
    return held is not None and RANK[held] >= RANK[need]


def access_resource(
    *, viewer: Viewer | None, id: uuid.UUID, need: ResourceRole, kind: str | None = None
) -> Resource:  # fmt: skip
    """The resource `id`, if `viewer` holds `need` on it.

    Raises `NotFound`, the same for what is absent, in the trash, of another kind, or not theirs to read; `Forbidden` where they
    may read it and need more.
    """
    resource = Resource.objects.select_related("organization", "owner").filter(id=id, deleted_at=None).first()
    if resource is None or viewer is None or (kind is not None and resource.kind != kind):
        raise NotFound
    held = role_of(viewer=viewer, resource=resource)
    if held is None:
        raise NotFound
    if not has_role(held, need):
        raise Forbidden
    return resource


def readable_by(viewer: Viewer) -> QuerySet[Resource]:
    """What belongs to `viewer`'s lists: what somebody gave them access to; a link that lets all in lists nothing."""
    return Resource.objects.filter(Q(accesses__in=Access.objects.filter(_principal(viewer))), deleted_at=None).distinct()


def reachable_by(viewer: Viewer) -> QuerySet[Resource]:
    """What `viewer` may read in any way, a link's reach among them: for lists of what they have found themselves."""
    by_link = Q(link_reach=LinkReach.EVERYONE) | Q(
        link_reach=LinkReach.ORGANIZATION, organization_id=viewer.organization_id
    )  # fmt: skip
    by_access = Q(accesses__in=Access.objects.filter(_principal(viewer)))
    return Resource.objects.filter(by_access | by_link, deleted_at=None).distinct()


def administered_by(viewer: Viewer) -> QuerySet[Resource]:
    """What `viewer` owns or administers, the trash too."""
    strong = [ResourceRole.ADMINISTRATOR, ResourceRole.OWNER]
    mine = Access.objects.filter(_principal(viewer), role__in=strong)
    return Resource.objects.filter(accesses__in=mine, purged_at=None).distinct()


def access_discarded(*, viewer: Viewer | None, id: uuid.UUID, need: ResourceRole = ResourceRole.ADMINISTRATOR) -> Resource:
    """The resource `id` in the trash, for those who own or administer it: nobody else reaches it there.

    Raises `NotFound`, the same for what is absent, not in the trash or another's; `Forbidden` under `need`.
    """
    if viewer is None:
        raise NotFound
    discarded = administered_by(viewer).filter(id=id, deleted_at__isnull=False)
    resource = discarded.select_related("organization", "owner", "deleted_by").first()
    if resource is None:
        raise NotFound
    if not has_role(role_of(viewer=viewer, resource=resource), need):
        raise Forbidden
    return resource


def access_request(*, viewer: Viewer | None, resource_id: uuid.UUID, id: uuid.UUID) -> AccessRequest:
    """A request to enter a resource that `viewer` administers; raises `NotFound` or `Forbidden` as `access_resource` does."""
    resource = access_resource(viewer=viewer, id=resource_id, need=ResourceRole.ADMINISTRATOR)
    request = resource.requests.select_related("resource", "user").filter(id=id).first()
    if request is None:
        raise NotFound
    return request


def access_own_request(*, viewer: Viewer, id: uuid.UUID) -> AccessRequest:
    """What `viewer` asked for; raises `NotFound` for another's."""
    request = AccessRequest.objects.select_related("resource").filter(id=id, user_id=viewer.user_id).first()
    if request is None:
        raise NotFound
    return request


def access_invitation(*, viewer: Viewer | None, resource_id: uuid.UUID, id: uuid.UUID) -> Invitation:
    """An invitation into a resource that `viewer` administers; raises `NotFound` or `Forbidden` as `access_resource` does."""
    resource = access_resource(viewer=viewer, id=resource_id, need=ResourceRole.ADMINISTRATOR)
    invitation = resource.invitations.waiting().select_related("resource").filter(id=id).first()
    if invitation is None:
        raise NotFound
    return invitation


def access_own_invitation(*, viewer: Viewer, id: uuid.UUID) -> Invitation:
    """The invitation that `viewer` accepted, or that their mail address was sent; raises `NotFound` for another's."""
    own = Q(accepted_by_id=viewer.user_id) | Q(accepted_at=None, withdrawn_at=None, email=viewer.email.lower())
    invitation = Invitation.objects.select_related("resource").filter(own, id=id).first()
    if invitation is None:
        raise NotFound
    return invitation


def _principal(viewer: Viewer) -> Q:
    return (
        Q(user_id=viewer.user_id)
        | Q(group_id__in=viewer.group_ids)
        | Q(unit_id__in=viewer.unit_ids)
        | Q(organization_id=viewer.organization_id)
    )


def _rank(field: str) -> Case:
    whens = [When(**{field: role}, then=Value(rank)) for role, rank in RANK.items()]
    return Case(*whens, default=Value(0), output_field=IntegerField())


def _link_lets_in(viewer: Viewer, resource: Resource) -> bool:
    if resource.link_reach == LinkReach.EVERYONE:
        return True
    return resource.link_reach == LinkReach.ORGANIZATION and resource.organization_id == viewer.organization_id
