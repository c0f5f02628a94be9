"""`manage.py audit_verify`: whether the log is what it was; exit code 1 where it is not."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from suite.audit.selectors import list_organizations
from suite.audit.verification import verify_organization
from suite.kernel import clock


class Command(BaseCommand):
    help = "Verify every record against its seal, every chain against its witness."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", type=uuid.UUID, help="one organisation only (its id)")

    def handle(self, *_args: Any, **options: Any) -> None:
        wanted = options["organization"]
        broken = 0
        for organization_id in [wanted] if wanted else list_organizations():
            report = verify_organization(organization_id=organization_id, now=clock.now())
            broken += bool(report.findings)
            state = "BROKEN" if report.findings else "whole"
            until = report.sealed_at.isoformat(timespec="seconds") if report.sealed_at else "nothing sealed yet"
            self.stdout.write(f"{organization_id}: {state}, {report.sequence} records, until {until}")
            for finding in report.sentences:
                self.stdout.write(f"  {finding}")
        if broken:
            raise CommandError(f"{broken} organisations' logs are not what they were.")
