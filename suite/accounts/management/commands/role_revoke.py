"""`manage.py role_revoke 12345678900011 claire.petit@ville.fr hr`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from suite.accounts.operations import ROLES, assignment_of, member_of, organization_of, unit_of
from suite.accounts.services.roles import role_revoke
from suite.kernel import clock
from suite.kernel.commands import OperatorCommand, operator


class Command(OperatorCommand):
    help = "Take a role away, at the holder's next request."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("siret", help="of the organisation")
        parser.add_argument("email", help="of the member")
        parser.add_argument("role", choices=sorted(ROLES))
        parser.add_argument("--unit", help="the unit that it was given for")

    def act(self, **options: Any) -> str:
        organization = organization_of(options["siret"])
        member, unit = member_of(organization, options["email"]), unit_of(organization, options["unit"])
        role_revoke(assignment=assignment_of(member, ROLES[options["role"]], unit), actor=operator(), now=clock.now())
        return f"{member.user.name} no longer holds the role {options['role']} there."
