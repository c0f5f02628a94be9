"""The chat page's one socket: the viewer's channels, as they are written in."""

from __future__ import annotations

import time
import uuid
from typing import Any

from suite.accounts.public import Viewer, get_viewer, groups_of_socket
from suite.chat import contract
from suite.chat.access import READ, WRITE, access_channel
from suite.chat.author import Author
from suite.chat.models import Message
from suite.chat.payloads import line_payload, message_payload
from suite.chat.selectors import get_channel_line, list_channels
from suite.chat.services import channel_mark_read, message_post
from suite.chat.services.channels import channel_group, person_group
from suite.kernel import clock
from suite.kernel.database import in_database
from suite.kernel.errors import BadInput, NotFound, NotSignedIn, SuiteError
from suite.kernel.groups import group
from suite.kernel.ids import parse_uuid
from suite.kernel.sockets import Socket

RIGHT_SECONDS = 2.0


class ChatSocket(Socket):
    """`/ws/chat/`. To the client: `channels`, `channel`, `channel_gone`, `message`, `posted`, `read`, `error`, `pong`."""

    async def opened(self) -> None:
        self.viewer = await self._read_viewer()
        self.joined: set[str] = set()
        self.readable: dict[uuid.UUID, float] = {}
        for name in [*groups_of_socket(viewer=self.viewer, session_key=self._session), person_group(self.viewer.user_id)]:
            await self._join(name)
        lines = await in_database(list_channels, viewer=self.viewer)
        for line in lines:
            await self._join_channel(line.id)
        self.first: contract.ChannelsHeard = {"type": "channels", "channels": [line_payload(line) for line in lines]}

    async def after_accept(self) -> None:
        await self.say(self.first)

    async def closed(self) -> None:
        for name in self.joined:
            await self.channel_layer.group_discard(name, self.channel_name)

    async def received(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ping":
            await self.say({"type": "pong"})
            return
        await self._refresh_viewer()
        try:
            if kind == "message":
                await self._post(message)
            elif kind == "read":
                await in_database(_mark_read, self.viewer, _id(message, "channel_id"), _id(message, "message_id"))
            else:
                raise BadInput
        except SuiteError as error:
            ref = message.get("ref")
            told: contract.Refused = {
                "type": "error",
                "code": error.code,
                "message": error.sentence,
                "ref": ref if isinstance(ref, str) else None,
            }
            await self.say(told)

    async def _post(self, message: dict[str, Any]) -> None:
        body, ref = message.get("body"), message.get("ref")
        if not isinstance(body, str) or not isinstance(ref, str):
            raise BadInput
        posted = await in_database(_post, self.viewer, _id(message, "channel_id"), body, ref)
        await self.say({"type": "posted", "channel_id": str(posted.channel_id), "message": message_payload(posted)})

    # --- what the groups bring ---

    async def socket_send(self, event: dict[str, Any]) -> None:
        """Pass on, to somebody who may still read that channel."""
        message = event["message"]
        if message.get("type") == "message" and not await self._may_read(uuid.UUID(message["channel_id"])):
            return
        await self.send_json(message)

    async def channel_joined(self, event: dict[str, Any]) -> None:
        """Group message `channel.joined`: somebody brought the viewer in."""
        await self._show(uuid.UUID(event["channel_id"]))

    async def access_changed(self, event: dict[str, Any]) -> None:
        """Group message of `resource.…`: the viewer's right may have changed."""
        await self._show(uuid.UUID(event["resource_id"]))

    async def title_changed(self, _event: dict[str, Any]) -> None:
        """Group message of `resource.…`: a channel's list is read again when the page opens."""

    async def _show(self, channel_id: uuid.UUID) -> None:
        self.readable.pop(channel_id, None)
        if not await self._may_read(channel_id):
            return
        await self._join_channel(channel_id)
        line = await in_database(_line, self.viewer, channel_id)
        await self.say({"type": "channel", "channel": line})

    # --- rights ---

    @property
    def _session(self) -> str | None:
        key: str | None = self.scope.get("session_key")
        return key

    async def _read_viewer(self) -> Viewer:
        viewer = await in_database(get_viewer, session_key=self._session)
        if viewer is None:
            raise NotSignedIn
        self.viewer_read_at = time.monotonic()
        return viewer

    async def _refresh_viewer(self) -> None:
        """Read the viewer again after `RIGHT_SECONDS`; a person who was let go is out."""
        if time.monotonic() - self.viewer_read_at >= RIGHT_SECONDS:
            try:
                self.viewer = await self._read_viewer()
            except NotSignedIn as error:
                await self.close(code=error.close_code)
                raise

    async def _may_read(self, channel_id: uuid.UUID) -> bool:
        if time.monotonic() - self.readable.get(channel_id, -RIGHT_SECONDS) < RIGHT_SECONDS:
            return True
        try:
            await self._refresh_viewer()
            await in_database(access_channel, viewer=self.viewer, id=channel_id, need=READ)
        except NotSignedIn:
            return False
        except SuiteError:
            await self._leave_channel(channel_id)
            return False
        self.readable[channel_id] = time.monotonic()
        return True

    async def say(self, message: contract.Heard | contract.Answered) -> None:
        await self.send_json(message)

    async def _join_channel(self, channel_id: uuid.UUID) -> None:
        await self._join(channel_group(channel_id))
        await self._join(group("resource", channel_id))

    async def _leave_channel(self, channel_id: uuid.UUID) -> None:
        for name in (channel_group(channel_id), group("resource", channel_id)):
            if name in self.joined:
                self.joined.discard(name)
                await self.channel_layer.group_discard(name, self.channel_name)
        await self.say({"type": "channel_gone", "channel_id": str(channel_id)})

    async def _join(self, name: str) -> None:
        if name not in self.joined:
            self.joined.add(name)
            await self.channel_layer.group_add(name, self.channel_name)


def _id(message: dict[str, Any], key: str) -> uuid.UUID:
    found = parse_uuid(message.get(key))
    if found is None:
        raise NotFound
    return found


def _post(viewer: Viewer, channel_id: uuid.UUID, body: str, ref: str) -> Message:
    channel = access_channel(viewer=viewer, id=channel_id, need=WRITE)
    return message_post(channel=channel, author=Author.of(viewer), body=body, ref=ref, now=clock.now())


def _mark_read(viewer: Viewer, channel_id: uuid.UUID, message_id: uuid.UUID) -> None:
    channel = access_channel(viewer=viewer, id=channel_id, need=READ)
    channel_mark_read(channel=channel, viewer=viewer, message_id=message_id, now=clock.now())


def _line(viewer: Viewer, channel_id: uuid.UUID) -> contract.ChannelLine:
    channel = access_channel(viewer=viewer, id=channel_id, need=READ)
    return line_payload(get_channel_line(viewer=viewer, channel=channel))
