"""What every test may ask for; the servers behind it are in `engines.py`."""

from __future__ import annotations

import pytest

from tests.engines import ensure_engines


@pytest.fixture(scope="session")
def engines() -> None:
    """PostgreSQL and Valkey answer; a test of the channel layer or the cache asks for this, a database test has it."""
    ensure_engines()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, engines: None) -> None:
    """pytest-django's own step before it makes a test database for each worker."""
