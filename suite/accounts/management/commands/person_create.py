"""`manage.py person_create 12345678900011 claire.petit@ville.fr Claire Petit --unit "Ressources humaines"`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email

from suite.accounts.operations import organization_of, unit_of
from suite.accounts.services.arrivals import person_bring_in
from suite.kernel import clock
from suite.kernel.commands import OperatorCommand, operator

NAME_CHARACTERS_MAX = 100


class Command(OperatorCommand):
    help = "Add somebody before their first sign-in, who is tied to them by the mail address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("siret", help="of the organisation")
        parser.add_argument("email", help="the address that the sign-in service gives")
        parser.add_argument("given_name")
        parser.add_argument("usual_name")
        parser.add_argument("--unit", help="the name of the unit that they work in")

    def act(self, **options: Any) -> str:
        organization = organization_of(options["siret"])
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(f"{options['email']} is not a mail address.") from error
        if not all(0 < len(options[name].strip()) <= NAME_CHARACTERS_MAX for name in ("given_name", "usual_name")):
            raise CommandError(f"A first name and a name have 1 to {NAME_CHARACTERS_MAX} characters.")
        made = person_bring_in(
            organization=organization,
            unit=unit_of(organization, options["unit"]),
            email=options["email"],
            given_name=options["given_name"].strip(),
            usual_name=options["usual_name"].strip(),
            actor=operator(),
            now=clock.now(),
        )
        return f"{made.user.name} is a member of {organization.name} and may sign in."
