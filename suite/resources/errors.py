"""What sharing and the trash refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import BadInput, Conflict, Unavailable


class NotNamed(BadInput):
    code = "not_named"
    message = _("This is not its name: nothing was deleted.")


class InUse(Conflict):
    """Raised by a kind's app, with its own sentence: what somebody is using stays out of the trash."""

    code = "in_use"
    message = _("This is in use: it cannot be put in the trash now.")


class NoMail(Unavailable):
    code = "no_mail"
    message = _("Suite cannot write mails here yet, so nobody was invited. Please tell those who run it.")
