"""The shell around a management command: an error of ours is one sentence and exit code 1, and the audit names who ran it."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import translation

from suite.kernel.errors import SuiteError
from suite.kernel.refs import ActorRef


class OperatorCommand(BaseCommand):
    """A subclass writes `act(**options)`, one transaction whole or not at all, and says in English what was done."""

    def act(self, **options: Any) -> str:
        """Make the service calls and say what was done; may raise `SuiteError` and `CommandError`."""
        raise NotImplementedError

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with translation.override("en"), transaction.atomic():
                said = self.act(**options)
        except SuiteError as error:
            with translation.override("en"):
                raise CommandError(error.sentence) from error
        self.stdout.write(said)


def operator() -> ActorRef:
    """Whoever runs the command, by the name that the machine knows them under."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "?"
    return ActorRef(kind="operator", id=None, label=f"manage.py ({name})")
