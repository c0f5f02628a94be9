"""What the meetings' API and socket say, and what the socket hears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired, TypedDict

from suite.chat.public import MessagePayload as ChatMessage

Agreement = Literal["none", "asked", "agreed", "declined"]
MyState = Literal["waiting", "admitted", "left"]


class Named(TypedDict):
    name: str


class Present(TypedDict):
    """Somebody inside, as the room's page shows them."""

    name: str
    device: Annotated[int, "Which of their devices in the meeting under this name, from 1."]
    guest: bool


class RoomView(TypedDict):
    """What may be known before joining."""

    id: str
    slug: str
    title: str
    organization: str
    entry: Literal["organization", "everyone"]
    open: bool
    may_enter: Annotated[bool, "Whether one comes in without asking."]
    can_moderate: bool
    removed: Annotated[bool, "Whether a moderator took one out of the meeting that is going on."]
    present: Annotated[Sequence[Present] | None, "Who else is inside; null for those who may not know."]
    inside: Annotated[bool, "Whether one is in the meeting already, in another window or on another device."]
    meeting_id: str | None
    me: Annotated[Named | None, "The signed-in person; null: a guest, who gives a name."]
    host_present: bool


class JoinAnswer(TypedDict):
    """What a device needs to go on."""

    state: Literal["admitted", "waiting"]
    participation_id: str
    meeting_id: str
    socket: Annotated[str, "The path of the meeting's socket."]
    url: NotRequired[Annotated[str, "The media server's address, once admitted."]]
    token: NotRequired[Annotated[str, "What it asks for."]]


class MediaToken(TypedDict):
    url: str
    token: str


class Person(TypedDict):
    participation_id: str
    name: str
    device: Annotated[int, "Which of their devices in the meeting under this name, from 1."]
    guest: bool
    shared_microphone: bool


class WaitingPerson(TypedDict):
    participation_id: str
    name: str
    since: str


class Transcription(TypedDict):
    active: bool
    started_at: str | None
    started_by: str | None
    sound_days: Annotated[int, "How long the sound is kept."]
    agreement: Annotated[Agreement, "My own answer."]
    agreed: Sequence[str]


class MeetingView(TypedDict):
    id: str
    title: str
    room_slug: str
    started_at: str


class Me(TypedDict):
    participation_id: str
    name: str
    state: Annotated[MyState, "`left`: what waited has been given up, one has to ask again."]
    can_moderate: bool
    guest: bool
    user_id: Annotated[str | None, "The account, whichever device it comes from; null: a guest."]


class StateMessage(TypedDict):
    """The first word, and again when everything may have changed."""

    type: Literal["state"]
    meeting: MeetingView
    me: Me
    waiting: Sequence[WaitingPerson]
    people: Sequence[Person]
    transcription: Annotated[Transcription | None, "Null at the door."]
    messages: Sequence[ChatMessage]


class AdmittedMessage(TypedDict):
    type: Literal["admitted"]
    url: str
    token: str


class PlainMessage(TypedDict):
    type: Literal["entry_refused", "removed", "ended", "pong"]


class WaitingMessage(TypedDict):
    type: Literal["waiting"]
    waiting: Sequence[WaitingPerson]


class PeopleMessage(TypedDict):
    type: Literal["people"]
    people: Sequence[Person]


class TranscriptionMessage(TypedDict):
    type: Literal["transcription"]
    transcription: Transcription


class WrittenMessage(TypedDict):
    type: Literal["message"]
    message: ChatMessage


class MutedMessage(TypedDict):
    type: Literal["muted"]
    by: str


class ErrorMessage(TypedDict):
    type: Literal["error"]
    code: str
    message: str
    ref: NotRequired[Annotated[str, "Of the message that was not taken."]]


ServerMessage = (
    StateMessage
    | AdmittedMessage
    | PlainMessage
    | WaitingMessage
    | PeopleMessage
    | TranscriptionMessage
    | WrittenMessage
    | MutedMessage
    | ErrorMessage
)


class WriteVerb(TypedDict):
    type: Literal["message"]
    body: str
    ref: str


class ReadVerb(TypedDict):
    """Read up to a message, in Messages too; nothing of a guest's is kept."""

    type: Literal["read"]
    message_id: str
    ref: Annotated[str, "For the answer, where it is refused."]


class RenameVerb(TypedDict):
    type: Literal["rename"]
    name: str


class PersonVerb(TypedDict):
    type: Literal["admit", "refuse", "mute", "remove"]
    participation_id: str


class PlainVerb(TypedDict):
    type: Literal["leave", "admit_all", "end_for_all", "transcription_start", "transcription_stop", "agree", "decline"]


ClientMessage = WriteVerb | ReadVerb | RenameVerb | PersonVerb | PlainVerb
