"""Writes: channels, their members, messages, how far they are read."""

from suite.chat.services.channels import channel_create, direct_channel_open, member_add
from suite.chat.services.messages import channel_mark_read, message_post

__all__ = ["channel_create", "channel_mark_read", "direct_channel_open", "member_add", "message_post"]
