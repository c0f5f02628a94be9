"""`manage.py` in the environment of a copy, whether it runs or not: `python -m suite.runtime manage audit_verify`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from suite.runtime.environment import environment_of
from suite.runtime.folders import ROOT, folders_at
from suite.runtime.kept import keep_secrets, known_ports
from suite.runtime.refusal import Refusal

OWNERS = frozenset({"migrate", "seed_demonstration"})  # they change tables, or run beside what does


def run_manage(*, var: Path, words: list[str]) -> NoReturn:
    """Become `manage.py` with `words`, as the application's database role; `migrate` runs as the owner.

    Raises `Refusal` where nothing has run from `var` yet.
    """
    ports = known_ports(var)
    if ports is None:
        raise Refusal(f"Suite has not run from {var} yet: start it once with `make run`.")
    environment = environment_of(
        folders=folders_at(var=var), secrets=keep_secrets(var), ports=ports, given=os.environ, speech=True, workers=1
    )
    variables = environment.owner if OWNERS.intersection(words[:1]) else environment.shared
    os.execve(sys.executable, [sys.executable, str(ROOT / "manage.py"), *words], dict(variables))  # noqa: S606  no shell is wanted
