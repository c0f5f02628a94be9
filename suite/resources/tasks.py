"""Celery's doors to resources: mails, and what is done by night. The rows say what is to be done; messages only wake."""

from __future__ import annotations

from celery import shared_task

from suite.kernel import clock
from suite.kernel.logs import get_logger
from suite.resources.models import Invitation
from suite.resources.services.invitations import invitation_send, invitations_forget
from suite.resources.services.trash import trash_empty

log = get_logger(__name__)
ATTEMPTS_MAX = 12


@shared_task
def mail_invitations() -> None:
    """Write the mails that wait; what the mail server does not take is tried again by the next sweep, `ATTEMPTS_MAX` times."""
    waiting = Invitation.objects.waiting().filter(mailed_at=None, mail_attempts__lt=ATTEMPTS_MAX)
    for invitation in list(waiting.order_by("invited_at")):
        try:
            invitation_send(invitation_id=invitation.id, now=clock.now())
        except OSError as error:
            Invitation.objects.filter(id=invitation.id).update(mail_attempts=invitation.mail_attempts + 1)
            log.warning("mail_not_taken", invitation_id=str(invitation.id), reason=type(error).__name__)


@shared_task
def empty_trash() -> None:
    """Purge what was in the trash for long enough, drop invitations that nobody took up."""
    now = clock.now()
    emptied, forgotten = trash_empty(now=now), invitations_forget(now=now)
    log.info("trash_emptied", resources=emptied, invitations=forgotten)
