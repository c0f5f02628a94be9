"""The one family of errors that leaves a service; each door has one handler for it.

`code` is stable and for machines; `status` answers HTTP, `close_code` a websocket; `message` is a sentence for people,
translated when it is shown; `fields` may leave the house (no secret, no content).
"""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class SuiteError(Exception):
    """Something that was asked for cannot be done; the sentence says what to do."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    close_code: ClassVar[int] = 4500
    message: ClassVar[str | Promise] = _("Something went wrong on our side. Please try again; what you had written is kept.")

    def __init__(self, detail: str | Promise | None = None, **fields: object) -> None:
        super().__init__(str(self.code))
        self.detail = detail
        self.fields = fields

    @property
    def sentence(self) -> str:
        """What a person reads, in the active language."""
        return str(self.detail or self.message)


class BadInput(SuiteError):
    code = "bad_input"
    status = 400
    close_code = 4400
    message = _("This cannot be read: please check what was sent.")


class NotSignedIn(SuiteError):
    code = "not_signed_in"
    status = 401
    close_code = 4401
    message = _("Please sign in: your session has ended.")


class Forbidden(SuiteError):
    code = "forbidden"
    status = 403
    close_code = 4403
    message = _("You do not have the right to do this.")


class NotFound(SuiteError):
    """The same for what is absent and what is forbidden, so that nobody learns what exists."""

    code = "not_found"
    status = 404
    close_code = 4404
    message = _("This page does not exist, or it is not shared with you.")


class Conflict(SuiteError):
    code = "conflict"
    status = 409
    close_code = 4409
    message = _("This has changed in the meantime. Please reload the page.")


class TooLarge(SuiteError):
    code = "too_large"
    status = 413
    close_code = 1009
    message = _("This is too large.")


class TooMany(SuiteError):
    code = "too_many"
    status = 429
    close_code = 4429
    message = _("Too many requests in a short time. Please wait a moment.")


class Unavailable(SuiteError):
    code = "unavailable"
    status = 503
    close_code = 4503
    message = _("This part of Suite is not answering. Please try again in a moment.")
