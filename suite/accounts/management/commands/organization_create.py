"""`manage.py organization_create 12345678900011 "Ville de …" --unit "Ressources humaines"`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from suite.accounts.services.organizations import organization_create, unit_create
from suite.kernel import clock
from suite.kernel.commands import OperatorCommand, operator


class Command(OperatorCommand):
    help = "Add an organisation, with its units."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("siret", help="14 digits")
        parser.add_argument("name")
        parser.add_argument("--unit", action="append", default=[], help="again for each unit")

    def act(self, **options: Any) -> str:
        now, actor = clock.now(), operator()
        made = organization_create(name=options["name"], siret=options["siret"], actor=actor, now=now)
        for name in options["unit"]:
            unit_create(organization=made, name=name, parent=None, actor=actor, now=now)
        return f"{made.name} is there, with {len(options['unit'])} units: its people may sign in."
