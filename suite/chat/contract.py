"""What the chat's API and socket say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

ChannelKind = Literal["meeting", "channel", "direct"]


class ChannelLine(TypedDict):
    """A conversation in the list."""

    id: str
    kind: ChannelKind
    title: Annotated[str, "Of a direct one: the other person's name."]
    began_at: Annotated[str | None, "Of a meeting's: when it began. Null of the others."]
    last_message_at: Annotated[str | None, "Null where nothing was written."]
    unread: int
    other_user_id: str | None
    favourite: bool


class ChannelPerson(TypedDict):
    id: str
    name: str
    role: str


class ChannelInfo(ChannelLine):
    """An open conversation."""

    people: Sequence[ChannelPerson]
    may_write: bool
    may_bring_in: bool
    may_discard: bool
    last_read_id: str | None


class Author(TypedDict):
    """A person of the house, or somebody in a meeting."""

    name: str
    user_id: str | None
    participation_id: str | None


class Message(TypedDict):
    id: Annotated[str, "UUIDv7: ids sort by the order of writing."]
    author: Author
    body: str
    at: str
    ref: Annotated[str, "The writer's own name for it: the same again is the same message."]


class MessagePage(TypedDict):
    messages: Sequence[Message]
    more: bool


class ChannelsHeard(TypedDict):
    type: Literal["channels"]
    channels: Sequence[ChannelLine]


class ChannelHeard(TypedDict):
    type: Literal["channel"]
    channel: ChannelLine


class ChannelGoneHeard(TypedDict):
    type: Literal["channel_gone"]
    channel_id: str


class MessageHeard(TypedDict):
    type: Literal["message"]
    channel_id: str
    message: Message


class ReadHeard(TypedDict):
    type: Literal["read"]
    channel_id: str
    message_id: str


Heard = ChannelsHeard | ChannelHeard | ChannelGoneHeard | MessageHeard | ReadHeard


class Posted(TypedDict):
    """The answer to whoever posted through the socket."""

    type: Literal["posted"]
    channel_id: str
    message: Message


class Refused(TypedDict):
    type: Literal["error"]
    code: str
    message: str
    ref: str | None


class Pong(TypedDict):
    type: Literal["pong"]


Answered = Posted | Refused | Pong
