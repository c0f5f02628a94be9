"""`manage.py unit_create 12345678900011 "Paie" --parent "Ressources humaines"`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from suite.accounts.operations import organization_of, unit_of
from suite.accounts.services.organizations import unit_create
from suite.kernel import clock
from suite.kernel.commands import OperatorCommand, operator


class Command(OperatorCommand):
    help = "Add a unit to an organisation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("siret", help="of the organisation")
        parser.add_argument("name")
        parser.add_argument("--parent", help="the name of the unit that it stands in")

    def act(self, **options: Any) -> str:
        organization = organization_of(options["siret"])
        parent = unit_of(organization, options["parent"])
        unit_create(organization=organization, name=options["name"], parent=parent, actor=operator(), now=clock.now())
        return f"{options['name']} is a unit of {organization.name} now."
