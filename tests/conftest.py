"""What every test may ask for; the servers behind it are in `engines.py`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines import ensure_engines
from tests.provider import running_provider


@pytest.fixture(scope="session")
def engines() -> None:
    """PostgreSQL and Valkey answer; a test of the channel layer or the cache asks for this, a database test has it."""
    ensure_engines()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, engines: None) -> None:
    """pytest-django's own step before it makes a test database for each worker."""


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration provider answers at `settings.OIDC_ISSUER`; the value is that issuer."""
    keys = tmp_path_factory.mktemp("provider") / "keys.json"
    with running_provider(
        keys=keys, variables={"OIDC_BACK_CHANNEL_URI": "http://localhost:8000/oidc/back-channel-logout/"}
    ) as issuer:
        yield issuer
