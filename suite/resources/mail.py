"""The mails of sharing, as texts; `settings.EMAIL_BACKEND` says where they go."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from suite.resources.models import Invitation
from suite.resources.places import untitled_of


def invitation_mail(invitation: Invitation) -> EmailMessage:
    """Who invites to what, and where; in the inviter's language. It lets nobody in: signing in with that address does."""
    inviter, resource = invitation.invited_by, invitation.resource
    with translation.override(inviter.language or settings.LANGUAGE_CODE):
        said = {
            "name": inviter.name,
            "title": resource.title or untitled_of(resource),
            "address": settings.PUBLIC_URL + reverse("resources:invitation", kwargs={"id": invitation.id}),
            "email": invitation.email,
        }
        subject = _("%(name)s shares “%(title)s” with you") % said
        body = _(
            "Hello,\n\n"
            "%(name)s shares “%(title)s” with you in Suite:\n"
            "%(address)s\n\n"
            "Sign in with ProConnect, with the address %(email)s: your access is then opened. The invitation is valid for"
            " 30 days.\n\n"
            "If you do not know this person, ignore this message: without you, nothing happens.\n"
        )
        return EmailMessage(subject=" ".join(subject.split()), body=body % said, to=[invitation.email])
