"""`manage.py role_list`: every organisation with its SIRET, and who holds which role there."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from suite.accounts.models import Organization, RoleAssignment
from suite.accounts.operations import ROLES

WORDS = {str(role): word for word, role in ROLES.items()}


class Command(BaseCommand):
    help = "Name the organisations, and who holds a role there."

    def handle(self, *_args: Any, **_options: Any) -> None:
        held = RoleAssignment.objects.select_related("user", "unit").order_by("role", "user__usual_name")
        for organization in Organization.objects.order_by("name"):
            self.stdout.write(f"{organization.siret}  {organization.name}")
            for one in held.filter(organization=organization):
                where = f" in {one.unit.name} and below" if one.unit else ""
                state = "" if one.user.is_active else " (deactivated)"
                self.stdout.write(f"    {WORDS[one.role]:8} {one.user.name} <{one.user.email}>{where}{state}")
