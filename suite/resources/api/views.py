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
from suite.resources.access import access_invitation, access_request, access_resource
from suite.resources.contract import Favourite
from suite.resources.models import Access, LinkReach, ResourceRole
from suite.resources.payloads import sharing_payload
from suite.resources.services.accesses import access_take_back, colleague_grant, link_change
from suite.resources.services.favourites import favourite_add, favourite_remove
from suite.resources.services.invitations import invitation_make, invitation_withdraw
from suite.resources.services.requests import request_accept, request_decline

GIVEN_ROLES = [ResourceRole.READER, ResourceRole.COMMENTER, ResourceRole.EDITOR, ResourceRole.ADMINISTRATOR]


class GrantInput(serializers.Serializer[Any]):
    person = serializers.UUIDField()
    role = serializers.ChoiceField(choices=GIVEN_ROLES)


class RoleInput(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=GIVEN_ROLES)


class InvitationInput(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=GIVEN_ROLES)


class LinkInput(serializers.Serializer[Any]):
    reach = serializers.ChoiceField(choices=LinkReach.values)
    role = serializers.ChoiceField(choices=[ResourceRole.READER, ResourceRole.COMMENTER, ResourceRole.EDITOR])


class SharingView(APIView):
    """`contract.Sharing`; POST: with a colleague."""

    def get(self, request: Request, id: uuid.UUID) -> Response:
        viewer = as_viewer(request.user)
        resource = access_resource(viewer=viewer, id=id, need=ResourceRole.READER)
        return Response(sharing_payload(viewer, resource, clock.now()))

    def post(self, request: Request, id: uuid.UUID) -> Response:
        viewer, now = as_viewer(request.user), clock.now()
        resource = access_resource(viewer=viewer, id=id, need=ResourceRole.ADMINISTRATOR)
        given = validated(GrantInput, request.data)
        role = ResourceRole(given["role"])
        colleague_grant(resource=resource, user_id=given["person"], role=role, viewer=viewer, now=now)
        return Response(sharing_payload(viewer, resource, now), status=201)


class AccessView(APIView):
    """One access: DELETE takes it away; one's own may be given up without administering."""

    def delete(self, request: Request, id: uuid.UUID, access_id: uuid.UUID) -> Response:
        viewer, now = as_viewer(request.user), clock.now()
        is_own = Access.objects.filter(id=access_id, resource_id=id, user_id=viewer.user_id).exists()
        need = ResourceRole.READER if is_own else ResourceRole.ADMINISTRATOR
        resource = access_resource(viewer=viewer, id=id, need=need)
        access_take_back(resource=resource, access_id=access_id, viewer=viewer, now=now)
        return Response(status=204) if is_own else Response(sharing_payload(viewer, resource, now))


class LinkView(APIView):
    """Whom the link alone lets in."""

    def put(self, request: Request, id: uuid.UUID) -> Response:
        viewer, now = as_viewer(request.user), clock.now()
        resource = access_resource(viewer=viewer, id=id, need=ResourceRole.ADMINISTRATOR)
        given = validated(LinkInput, request.data)
        reach, role = LinkReach(given["reach"]), ResourceRole(given["role"])
        link_change(resource=resource, reach=reach, role=role, viewer=viewer, now=now)
        return Response(sharing_payload(viewer, resource, now))


class RequestView(APIView):
    """One request for access: POST accepts it with a role, DELETE declines."""

    def post(self, request: Request, id: uuid.UUID, request_id: uuid.UUID) -> Response:
        viewer, now = as_viewer(request.user), clock.now()
        asked = access_request(viewer=viewer, resource_id=id, id=request_id)
        role = ResourceRole(validated(RoleInput, request.data)["role"])
        request_accept(request=asked, role=role, viewer=viewer, now=now)
        return Response(sharing_payload(viewer, asked.resource, now))

    def delete(self, request: Request, id: uuid.UUID, request_id: uuid.UUID) -> Response:
        viewer, now = as_viewer(request.user), clock.now()
        asked = access_request(viewer=viewer, resource_id=id, id=request_id)
        request_decline(request=asked, viewer=viewer, now=now)
        return Response(sharing_payload(viewer, asked.resource, now))


class InvitationsView(APIView):
    """POST invites a mail address; a colleague of that address has the access at once."""

    def post(self, request: Request, id: uuid.UUID) -> Response:
        viewer, now = as_viewer(request.user), clock.now()
        resource = access_resource(viewer=viewer, id=id, need=ResourceRole.ADMINISTRATOR)
        given = validated(InvitationInput, request.data)
        role = ResourceRole(given["role"])
        invitation_make(resource=resource, email=given["email"], role=role, viewer=viewer, now=now)
        return Response(sharing_payload(viewer, resource, now), status=201)


class InvitationView(APIView):
    """One invitation: DELETE withdraws it."""

    def delete(self, request: Request, id: uuid.UUID, invitation_id: uuid.UUID) -> Response:
        viewer, now = as_viewer(request.user), clock.now()
        invitation = access_invitation(viewer=viewer, resource_id=id, id=invitation_id)
        invitation_withdraw(invitation=invitation, viewer=viewer, now=now)
        return Response(sharing_payload(viewer, invitation.resource, now))


class FavouriteView(APIView):
    """PUT marks a resource among one's favourites, DELETE takes the mark away: `{favourite}`."""

    def put(self, request: Request, id: uuid.UUID) -> Response:
        viewer = as_viewer(request.user)
        resource = access_resource(viewer=viewer, id=id, need=ResourceRole.READER)
        favourite_add(resource=resource, viewer=viewer, now=clock.now())
        said: Favourite = {"favourite": True}
        return Response(said)

    def delete(self, request: Request, id: uuid.UUID) -> Response:
        viewer = as_viewer(request.user)
        resource = access_resource(viewer=viewer, id=id, need=ResourceRole.READER)
        favourite_remove(resource=resource, viewer=viewer, now=clock.now())
        said: Favourite = {"favourite": False}
        return Response(said)
