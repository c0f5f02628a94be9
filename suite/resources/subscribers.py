"""What resources does itself: open sockets read their rights again, invitations are mailed and become accesses."""

from __future__ import annotations

from suite.accounts.events import SignedIn
from suite.kernel import clock
from suite.kernel.groups import group, tell
from suite.resources.events import AccessChanged, InvitationMade
from suite.resources.services.invitations import invitations_accept
from suite.resources.tasks import mail_invitations


def tell_open_sockets(event: AccessChanged) -> None:
    """Every socket that shows the resource is in its group; it reads its right again, and closes where there is none."""
    tell(group("resource", event.resource_id), {"type": "access.changed", "resource_id": str(event.resource_id)})


def mail_invitation(_event: InvitationMade) -> None:
    """Wake the task: a mail server may be slow, and this process carries revocations."""
    mail_invitations.delay()


def accept_invitations(event: SignedIn) -> None:
    """What waited for the mail address that the provider has vouched for becomes an access."""
    if event.email_vouched:
        invitations_accept(user_id=event.user_id, now=clock.now())
