"""What other apps may use of chat."""

from suite.chat.access import READ, access_channel
from suite.chat.author import Author
from suite.chat.contract import Message as MessagePayload
from suite.chat.models import Channel, ChannelKind
from suite.chat.payloads import message_payload
from suite.chat.selectors import list_channels, list_messages_for_participants
from suite.chat.services import channel_create, channel_mark_read, message_post
from suite.chat.services.channels import channel_group

__all__ = [
    "READ",
    "Author",
    "Channel",
    "ChannelKind",
    "MessagePayload",
    "access_channel",
    "channel_create",
    "channel_group",
    "channel_mark_read",
    "list_channels",
    "list_messages_for_participants",
    "message_payload",
    "message_post",
]
