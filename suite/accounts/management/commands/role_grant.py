"""`manage.py role_grant 12345678900011 claire.petit@ville.fr hr`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from suite.accounts.operations import ROLES, member_of, organization_of, unit_of
from suite.accounts.services.roles import role_grant
from suite.kernel import clock
from suite.kernel.commands import OperatorCommand, operator


class Command(OperatorCommand):
    help = (
        "Give a role in an organisation, or in one unit of it and below. Administering people and auditing exclude each other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("siret", help="of the organisation")
        parser.add_argument("email", help="of the member")
        parser.add_argument("role", choices=sorted(ROLES))
        parser.add_argument("--unit", help="this unit and below only")

    def act(self, **options: Any) -> str:
        organization = organization_of(options["siret"])
        member, unit = member_of(organization, options["email"]), unit_of(organization, options["unit"])
        role_grant(membership=member, role=ROLES[options["role"]], unit=unit, actor=operator(), now=clock.now())
        where = f"{unit.name} and below" if unit else organization.name
        return f"{member.user.name} holds the role {options['role']} in {where}: active in sessions with a second factor."
