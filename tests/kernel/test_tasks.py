"""Tasks through a real worker and broker: each belongs to the act that asked for it, and each failure is said once."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from suite.runtime.folders import ROOT

pytestmark = pytest.mark.slow  # a worker in a process of its own

# A worker of its own, in a process of its own: what it logs is what an operator reads.
PROGRAM = """
import sys, time, uuid
from suite.config.celery import app
import django
django.setup()
from celery import shared_task
from celery.signals import task_postrun
from celery.contrib.testing.worker import start_worker
from suite.kernel.context import Origin, acting, origin
from suite.kernel.errors import Forbidden
from suite.kernel.logs import get_logger

log = get_logger("tests")
done = []
task_postrun.connect(lambda **_: done.append(1), weak=False)
app.conf.task_default_queue = "tests-" + uuid.uuid4().hex

@shared_task(name="tests.note")
def note(word):
    log.info("noted", word=word)

@shared_task(name="tests.fail")
def fail(secret):
    raise ZeroDivisionError("divided")

@shared_task(name="tests.refuse")
def refuse(secret):
    raise Forbidden

act = uuid.UUID(sys.argv[1])
with start_worker(app, pool="solo", perform_ping_check=False, loglevel="WARNING", shutdown_timeout=20):
    with acting(Origin(correlation_id=act)):
        note.delay("asked")
        fail.delay("Madame Secret")
        refuse.delay("Madame Secret")
    note.delay("clock")
    note.delay("clock")
    deadline = time.monotonic() + 60
    while len(done) < 5 and time.monotonic() < deadline:
        time.sleep(0.1)
"""
ACT = "01990000-0000-7000-8000-000000000001"


@pytest.fixture(scope="module")
def said(engines: None, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """The lines that the worker logged."""
    program = tmp_path_factory.mktemp("worker") / "worker.py"
    program.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "suite.config.settings"}
    command = [sys.executable, str(program), ACT]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=90)
    assert ended.returncode == 0, ended.stderr
    lines = [line for line in (ended.stdout + ended.stderr).splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines]


def events(said: list[dict[str, object]], name: str) -> list[dict[str, object]]:
    return [line for line in said if line["event"] == name]


def test_a_task_has_the_id_of_the_act_that_asked_for_it(said: list[dict[str, object]]) -> None:
    asked = [line["correlation_id"] for line in events(said, "noted") if line["word"] == "asked"]
    assert asked == [ACT]


def test_tasks_that_nobody_asked_for_have_ids_of_their_own(said: list[dict[str, object]]) -> None:
    clock = [line["correlation_id"] for line in events(said, "noted") if line["word"] == "clock"]
    assert len(set(clock)) == 2
    assert ACT not in clock


def test_a_failure_is_said_once_without_what_the_task_was_given(said: list[dict[str, object]]) -> None:
    (failed,) = events(said, "task_failed")
    assert (failed["task"], failed["level"], failed["correlation_id"]) == ("tests.fail", "error", ACT)
    assert "ZeroDivisionError" in str(failed["exception"])
    (refused,) = events(said, "task_refused")
    assert (refused["task"], refused["level"], refused["code"]) == ("tests.refuse", "warning", "forbidden")
    assert not [line for line in said if "raised" in str(line["event"])]
    assert "Madame Secret" not in json.dumps(said)
