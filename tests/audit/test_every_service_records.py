"""Every service leaves the record of its act: found in the code, called, and looked for. A service without an entry fails."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from suite.audit.models import Record
from suite.audit.words import DETAILS, sentence_of
from suite.runtime.folders import ROOT
from tests.audit import calls
from tests.audit.acts import ACTS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("engines", "witness")]
SUITE = ROOT / "suite"
CHANGES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


def service_files() -> list[Path]:
    return sorted([*SUITE.glob("*/services*.py"), *SUITE.glob("*/services/**/*.py")])


def services_in(path: Path) -> dict[str, Callable[..., Any]]:
    """The public functions that the file itself defines, by their name in the registry."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    module = importlib.import_module(".".join(part for part in parts if part != "__init__"))
    inside = [part for part in parts[3:] if part != "__init__"]
    return {
        ".".join([parts[1], *inside, name]): function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }


def registry(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for entry in pkgutil.iter_modules(calls.__path__):
        module: ModuleType = importlib.import_module(f"{calls.__name__}.{entry.name}")
        found |= {f"{entry.name}.{name}": value for name, value in getattr(module, kind, {}).items()}
    return found


SERVICES = {name: function for path in service_files() for name, function in services_in(path).items()}
CALLS, READS = registry("CALLS"), registry("READS")


def test_services_were_found() -> None:
    assert "accounts.people.user_deactivate" in SERVICES
    assert "audit.record" in SERVICES
    assert len(SERVICES) > 20


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_one_entry(name: str) -> None:
    entries = [kind for kind, found in (("call", CALLS), ("read", READS)) if name in found]
    assert len(entries) == 1, f"tests/audit/calls/{name.partition('.')[0]}.py says {entries or 'nothing'} about {name}"


@pytest.mark.parametrize("name", sorted({*CALLS, *READS}))
def test_no_entry_outlives_its_service(name: str) -> None:
    assert name in SERVICES


@pytest.mark.parametrize("name", CALLS)
def test_the_act_leaves_its_record(name: str, settings: Settings) -> None:
    settings.SPEECH = True  # transcriptions are asked for; no model is loaded
    call = CALLS[name]()
    before = set(Record.objects.values_list("id", flat=True))
    call()
    left = Record.objects.exclude(id__in=before)
    assert {record.action for record in left} == ACTS.get(name), f"tests/audit/acts.py says otherwise of {name}"
    for record in left:
        assert record.action.count(".") == 2
        assert record.organization_id
        assert record.actor_kind
        is_known = sentence_of(record.action) != record.action or record.action.startswith("tests.")
        assert is_known, f"suite/audit/words.py has no words for {record.action}"
        assert set(record.details) <= set(DETAILS), f"suite/audit/words.py has no words for details of {record.action}"


@pytest.mark.parametrize("name", READS)
def test_a_read_changes_nothing(name: str, settings: Settings) -> None:
    settings.SPEECH = True  # as above
    reason, prepare = READS[name]
    assert reason
    call = prepare()

    def refuse_changes(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        assert not sql.lstrip().upper().startswith(CHANGES), f"{name} is said to read, and runs {sql}"
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_changes):
        call()
