"""Who a resource is shared with: read by all who may read it, changed by who administers it."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from suite.accounts.public import as_viewer
from suite.kernel import clock
from suite.kernel.api import validated
from suite.resources.access import access_resource, has_role, role_of
from suite.resources.models import Access, LinkReach, Resource, ResourceRole
from suite.resources.services import link_change
from suite.resources.sharing import access_take_back, colleague_grant

GIVEN_ROLES = [ResourceRole.READER, ResourceRole.COMMENTER, ResourceRole.EDITOR, ResourceRole.ADMINISTRATOR]


class GrantInput(serializers.Serializer[Any]):
    person = serializers.UUIDField()
    role = serializers.ChoiceField(choices=GIVEN_ROLES)


class LinkInput(serializers.Serializer[Any]):
    reach = serializers.ChoiceField(choices=LinkReach.values)
    role = serializers.ChoiceField(choices=[ResourceRole.READER, ResourceRole.COMMENTER, ResourceRole.EDITOR])


class SharingView(APIView):
    """`{role, may_share, link: {reach, role}, accesses: [{id, role, principal: {kind, id, name}}]}`; POST: with a colleague."""

    def get(self, request: Request, id: uuid.UUID) -> Response:
        resource = access_resource(viewer=as_viewer(request.user), id=id, need=ResourceRole.READER)
        return Response(_sharing(request, resource))

    def post(self, request: Request, id: uuid.UUID) -> Response:
        resource = access_resource(viewer=as_viewer(request.user), id=id, need=ResourceRole.ADMINISTRATOR)
        given = validated(GrantInput, request.data)
        role = ResourceRole(given["role"])
        colleague_grant(resource=resource, user_id=given["person"], role=role, viewer=as_viewer(request.user), now=clock.now())
        return Response(_sharing(request, resource), status=201)


class AccessView(APIView):
    """One access: DELETE takes it away; one's own may be given up without administering."""

    def delete(self, request: Request, id: uuid.UUID, access_id: uuid.UUID) -> Response:
        is_own = Access.objects.filter(id=access_id, resource_id=id, user_id=as_viewer(request.user).user_id).exists()
        need = ResourceRole.READER if is_own else ResourceRole.ADMINISTRATOR
        resource = access_resource(viewer=as_viewer(request.user), id=id, need=need)
        access_take_back(resource=resource, access_id=access_id, viewer=as_viewer(request.user), now=clock.now())
        return Response(status=204) if is_own else Response(_sharing(request, resource))


class LinkView(APIView):
    """Whom the link alone lets in."""

    def put(self, request: Request, id: uuid.UUID) -> Response:
        resource = access_resource(viewer=as_viewer(request.user), id=id, need=ResourceRole.ADMINISTRATOR)
        given = validated(LinkInput, request.data)
        reach, role = LinkReach(given["reach"]), ResourceRole(given["role"])
        link_change(resource=resource, reach=reach, role=role, viewer=as_viewer(request.user), now=clock.now())
        return Response(_sharing(request, resource))


def _sharing(request: Request, resource: Resource) -> dict[str, Any]:
    held = role_of(viewer=as_viewer(request.user), resource=resource)
    accesses = resource.accesses.select_related("user", "group", "unit", "organization").order_by("granted_at", "id")
    return {
        "role": held,
        "may_share": has_role(held, ResourceRole.ADMINISTRATOR),
        "link": {"reach": resource.link_reach, "role": resource.link_role},
        "accesses": [{"id": access.id, "role": access.role, "principal": _principal(access)} for access in accesses],
    }


def _principal(access: Access) -> dict[str, Any]:
    for kind in ("user", "group", "unit", "organization"):
        one = getattr(access, kind)
        if one is not None:
            return {"kind": "person" if kind == "user" else kind, "id": one.id, "name": one.name}
    raise AssertionError  # the database's own constraint: exactly one principal
