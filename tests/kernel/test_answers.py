"""What an exception means to who asked."""

from __future__ import annotations

import errno

import redis
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.utils import translation
from psycopg.errors import DiskFull

from suite.kernel.answers import answer_to
from suite.kernel.errors import Conflict, NotFound, Unavailable


def test_an_engine_that_is_away_is_unavailable() -> None:
    for raised in (OperationalError(), InterfaceError(), redis.ConnectionError(), redis.TimeoutError()):
        assert isinstance(answer_to(raised), Unavailable)


def test_a_full_disk_is_said_to_be_one() -> None:
    of_the_database = OperationalError()
    of_the_database.__cause__ = DiskFull()
    of_valkey = redis.ResponseError("MISCONF Errors writing to the AOF file: No space left on device")
    for raised in (OSError(errno.ENOSPC, "No space left on device"), of_the_database, of_valkey):
        answer = answer_to(raised)
        assert isinstance(answer, Unavailable)
        with translation.override("fr"):
            assert answer.sentence.startswith("Il n’y a plus de place")
    assert answer_to(OSError(errno.EACCES, "Permission denied")) is None


def test_errors_of_ours_are_themselves() -> None:
    error = Conflict()
    assert answer_to(error) is error
    assert isinstance(answer_to(Http404()), NotFound)


def test_a_fault_of_ours_is_hidden_behind_no_sentence() -> None:
    for raised in (ValueError(), IntegrityError(), redis.ResponseError(), None):
        assert answer_to(raised) is None
