"""What sharing and the trash refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import BadInput, Unavailable


class NotNamed(BadInput):
    code = "not_named"
    message = _("This is not its name: nothing was deleted.")


class NoMail(Unavailable):
    code = "no_mail"
    message = _("Suite cannot write mails here yet, so nobody was invited. Please tell those who run it.")
