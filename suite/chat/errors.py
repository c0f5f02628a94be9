"""What chat refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import BadInput


class EmptyMessage(BadInput):
    code = "empty_message"
    message = _("Write something before sending.")


class MessageTooLong(BadInput):
    code = "message_too_long"
    message = _("This message is too long: 8,000 characters at most. Send it in several parts, or share a document.")
