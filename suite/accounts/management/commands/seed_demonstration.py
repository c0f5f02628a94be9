"""`manage.py seed_demonstration`: the demonstration's organisations and people; again and again without harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from suite.accounts.services.demonstration import demonstration_seed
from suite.kernel import clock


class Command(BaseCommand):
    help = "Make the organisations and people of the demonstration, where they are missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=Path, default=settings.ROOT / "provider" / "people.json")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError("This makes invented people: it runs with SUITE_MODE=demonstration only.")
        try:
            known = json.loads(options["people"].read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"The list of people cannot be read: {error}") from error
        made = demonstration_seed(known=known, now=clock.now())
        self.stdout.write(f"{made} people made, {len(known['people'])} in all.")
