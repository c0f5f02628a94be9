"""What documents refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import BadInput, Forbidden, TooLarge


class UnreadableUpdate(BadInput):
    """Bytes that are no frame of the protocol, or no update of Yjs."""

    code = "unreadable_update"
    message = _("What this page sent could not be read. Please reload it.")


class ReadOnly(Forbidden):
    code = "read_only"
    message = _("You may read this document, not change it.")


class DocumentFull(TooLarge):
    code = "document_full"
    close_code = 4413
    message = _("This document has reached its largest size. Please continue in a new one.")
