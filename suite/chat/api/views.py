"""Channels and messages, for the chat page."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from suite.accounts.public import as_viewer
from suite.chat import contract
from suite.chat.access import BRING_IN, READ, WRITE, access_channel
from suite.chat.author import Author
from suite.chat.models import Channel, ChannelKind
from suite.chat.payloads import line_payload, message_payload
from suite.chat.selectors import get_channel_line, get_last_read, list_channels, list_messages, list_people
from suite.chat.services import channel_create, channel_mark_read, direct_channel_open, message_post
from suite.chat.services.channels import colleague_add
from suite.kernel import clock
from suite.kernel.api import validated
from suite.resources.public import ResourceRole, has_role, resource_opened, role_of

PEOPLE_MAX = 100
PAGE_MAX = 100


class ChannelInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=300)
    people = serializers.ListField(child=serializers.UUIDField(), max_length=PEOPLE_MAX, default=list)


class PersonInput(serializers.Serializer[Any]):
    person = serializers.UUIDField()


class MessageInput(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=20_000, trim_whitespace=False, allow_blank=True)  # the service has the rule
    ref = serializers.CharField(max_length=64)


class PageInput(serializers.Serializer[Any]):
    before = serializers.UUIDField(required=False)
    limit = serializers.IntegerField(min_value=1, max_value=PAGE_MAX, default=50)


class ReadInput(serializers.Serializer[Any]):
    message_id = serializers.UUIDField()


class ChannelsView(APIView):
    """The viewer's channels; POST opens one with colleagues in it."""

    def get(self, request: Request) -> Response:
        return Response({"channels": [line_payload(line) for line in list_channels(viewer=as_viewer(request.user))]})

    def post(self, request: Request) -> Response:
        given = validated(ChannelInput, request.data)
        viewer, now = as_viewer(request.user), clock.now()
        channel = channel_create(
            organization_id=viewer.organization_id,
            title=given["title"],
            kind=ChannelKind.CHANNEL,
            owner_id=viewer.user_id,
            actor=viewer.ref,
            now=now,
            colleagues=given["people"],
        )
        return Response(_whole(request, channel), status=201)


class DirectView(APIView):
    """The channel with one colleague."""

    def post(self, request: Request) -> Response:
        given = validated(PersonInput, request.data)
        channel = direct_channel_open(viewer=as_viewer(request.user), user_id=given["person"], now=clock.now())
        return Response(_whole(request, channel))


class ChannelView(APIView):
    """One channel, opened: its line, its people, what the viewer may do, how far they have read."""

    def get(self, request: Request, id: uuid.UUID) -> Response:
        channel = access_channel(viewer=as_viewer(request.user), id=id, need=READ)
        resource_opened(resource=channel.resource, viewer=as_viewer(request.user), now=clock.now())
        return Response(_whole(request, channel))


class PeopleView(APIView):
    """Bring a colleague in."""

    def post(self, request: Request, id: uuid.UUID) -> Response:
        channel = access_channel(viewer=as_viewer(request.user), id=id, need=BRING_IN)
        given = validated(PersonInput, request.data)
        colleague_add(channel=channel, user_id=given["person"], viewer=as_viewer(request.user), now=clock.now())
        return Response(_whole(request, channel), status=201)


class MessagesView(APIView):
    """A page of messages, oldest first; POST writes one, and the same `ref` again is the same message."""

    def get(self, request: Request, id: uuid.UUID) -> Response:
        asked = validated(PageInput, request.query_params.dict())
        limit = asked["limit"]
        found = list_messages(viewer=as_viewer(request.user), channel_id=id, before=asked.get("before"), limit=limit + 1)
        shown = found[-limit:]
        page: contract.MessagePage = {"messages": [message_payload(one) for one in shown], "more": len(found) > limit}
        return Response(page)

    def post(self, request: Request, id: uuid.UUID) -> Response:
        channel = access_channel(viewer=as_viewer(request.user), id=id, need=WRITE)
        given = validated(MessageInput, request.data)
        message = message_post(
            channel=channel, author=Author.of(as_viewer(request.user)), body=given["body"], ref=given["ref"], now=clock.now()
        )
        return Response(message_payload(message), status=201)


class ReadView(APIView):
    """The viewer has read up to a message."""

    def post(self, request: Request, id: uuid.UUID) -> Response:
        channel = access_channel(viewer=as_viewer(request.user), id=id, need=READ)
        given = validated(ReadInput, request.data)
        channel_mark_read(channel=channel, viewer=as_viewer(request.user), message_id=given["message_id"], now=clock.now())
        return Response(status=204)


def _whole(request: Request, channel: Channel) -> contract.ChannelInfo:
    held = role_of(viewer=as_viewer(request.user), resource=channel.resource)
    last_read = get_last_read(viewer=as_viewer(request.user), channel=channel)
    return {
        **line_payload(get_channel_line(viewer=as_viewer(request.user), channel=channel)),
        "people": [{"id": str(user_id), "name": name, "role": role} for user_id, name, role in list_people(channel=channel)],
        "may_write": has_role(held, WRITE),
        "may_bring_in": has_role(held, BRING_IN) and channel.kind != ChannelKind.DIRECT,
        "may_discard": has_role(held, ResourceRole.OWNER) and channel.kind == ChannelKind.CHANNEL,
        "last_read_id": None if last_read is None else str(last_read),
    }
