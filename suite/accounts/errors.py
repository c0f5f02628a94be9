"""What accounts refuses, in sentences that say what to do."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from suite.kernel.errors import BadInput, Conflict, Forbidden, SuiteError

UNVERIFIED = _(
    "The sign-in service's answer could not be verified, so nobody was signed in. Please try again; if it happens again, "
    "give your support the reference below."
)
SENTENCES: dict[str, str | Promise] = {
    "state": _("This sign-in was started in another browser, or too long ago. Please start again."),
    "declined": _("The sign-in was cancelled, or the sign-in service refused it. You can start again."),
    "code": _("This sign-in was used already, or waited too long. Please start again."),
    "deactivated": _("Your account has been deactivated. If this is a mistake, ask the human resources of your organisation."),
    "unknown_organization": _(
        "Your organisation does not use Suite yet. Ask your digital service to have it added, giving its SIRET number."
    ),
    "unknown_person": _("You have no account here yet. Ask the human resources of your organisation to add you."),
    "organization_changed": _(
        "Your sign-in now names another organisation. Ask the human resources of that organisation to add you to it."
    ),
    "mail_taken": _(
        "Another sign-in is already tied to your mail address. "
        "Ask the human resources of your organisation to check your account."
    ),
    "mail_missing": _("The sign-in service did not give your mail address. Ask your digital service to complete your account."),
    "assurance": _("This sign-in is not strong enough for Suite. Please sign in again with a second factor."),
}


class SignInRefused(SuiteError):
    """Nobody was signed in; `reason` is for the audit, the sentence for the person."""

    code = "sign_in_refused"
    status = 403
    close_code = 4403
    message: ClassVar[str | Promise] = UNVERIFIED

    def __init__(self, reason: str) -> None:
        super().__init__(SENTENCES.get(reason, UNVERIFIED))
        self.reason = reason


class UnableToDeactivate(Conflict):
    code = "unable_to_deactivate"
    message = _("This person cannot be deactivated: the account is deactivated already.")


class UnableToReactivate(Conflict):
    code = "unable_to_reactivate"
    message = _("This person's account is active already.")


class WorksElsewhereToo(Conflict):
    code = "works_elsewhere_too"
    message = _("This person works in another organisation too: end their membership of yours instead.")


class DeactivatedElsewhere(Conflict):
    code = "deactivated_elsewhere"
    message = _("Another organisation has deactivated this person's account: only its human resources can reactivate it.")


class NotOneself(Forbidden):
    code = "not_oneself"
    message = _("You cannot do this to your own account: ask another administrator.")


class RolesExclude(Conflict):
    code = "roles_exclude"
    message = _("One person cannot both administer people and audit.")


class AlreadyThere(Conflict):
    code = "already_there"
    message = _("This person is a member of this organisation already.")


class NotASiret(BadInput):
    code = "not_a_siret"
    message = _("A SIRET number has 14 digits, without spaces.")


class NameMissing(BadInput):
    code = "name_missing"
    message = _("A name has 1 to 200 characters.")


class OrganizationKnown(Conflict):
    code = "organization_known"
    message = _("An organisation with this SIRET number is there already.")


class UnitKnown(Conflict):
    code = "unit_known"
    message = _("A unit of this name is there already.")
