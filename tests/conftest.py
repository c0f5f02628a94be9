"""What every test may ask for; the servers behind it are in `engines.py`."""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Iterator

import pytest
from _pytest.nodeid import NodeId
from django.conf import settings
from django.db import OperationalError
from django.db.backends.base.operations import BaseDatabaseOperations

from tests.engines import EXTERNAL, ensure_engines
from tests.provider import running_provider
from tests.web import Web, running_web

# Whoever asks for one of these starts a process of ours, a browser or the provider: too slow for `make test-fast`.
STARTS_A_PROCESS = {"webs", "web", "server", "provider", "seen", "transactional_db"}
FLUSHES = 5


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if set(item.keywords) >= {"patient", "journey"} or ("alone" in item.keywords and "journey" not in item.keywords):
            raise pytest.UsageError(f"{item.nodeid} is in two of the phases of tests/phases.py, or in none")
        names = set(getattr(item, "fixturenames", ()))
        if STARTS_A_PROCESS & names:
            item.add_marker(pytest.mark.slow)
        if "webs" in names:  # pages have some of their own for each file: they are many, and wait for their browser
            of = item.path.stem if item.get_closest_marker("journey") else "webs"
            item.add_marker(pytest.mark.xdist_group(of))
        if config.getoption("loadgroup", default=False):
            _tell_group(item)
    if config.getoption("loadgroup", default=False):
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, bool, int]:
    """The longest first, so that no worker is left with a group alone: the whole Suite's, other groups, single tests.

    Single tests with a browser are mixed: neighbours in a file are much alike, and would all wait or all compute at once.
    """
    alone = item.get_closest_marker("xdist_group") is None
    mixed = zlib.crc32(item.name.encode()) if alone and item.get_closest_marker("journey") else 0
    return "journeys" not in item.path.parts, alone, mixed


def _tell_group(item: pytest.Item) -> None:
    """Put a test's group behind its name, where xdist's scheduler looks for it.

    xdist 3.8 writes it where pytest 9.2 does not read it any more: every test would be a group of its own.
    """
    groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
    ending = f"@{'_'.join(groups)}"
    if groups and not item.nodeid.endswith(ending):
        item._id = NodeId.parse(item.nodeid + ending)


@pytest.fixture(scope="session", autouse=True)
def _files_when_asked() -> None:
    """Every client of a test loads the middleware anew, and WhiteNoise with it would read 1,700 files: 0.3 s of a request.

    It looks for a file when it is asked for one instead. The web processes read them at their start, as always.
    """
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def _chance(request: pytest.FixtureRequest) -> None:
    """Chance is the same in each run, of one test or of all; `SEED` in the environment says another."""
    random.seed(f"{os.environ.get('SEED', '')} {request.path.name} {request.node.name}")


@pytest.fixture(scope="session", autouse=True)
def _patient_flush() -> Iterator[None]:
    """A web process that still reads may deadlock with the emptying of the tables behind a test: empty them again."""
    once = BaseDatabaseOperations.execute_sql_flush

    def again(self: BaseDatabaseOperations, sql_list: list[str]) -> None:
        for left in reversed(range(FLUSHES)):
            try:
                return once(self, sql_list)
            except OperationalError as error:
                if left == 0 or "deadlock" not in str(error):
                    raise
        return None

    BaseDatabaseOperations.execute_sql_flush = again  # type: ignore[method-assign]  # put back below
    yield
    BaseDatabaseOperations.execute_sql_flush = once  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def engines() -> None:
    """PostgreSQL and Valkey answer; a test of the channel layer or the cache asks for this, a database test has it."""
    ensure_engines()


@pytest.fixture(scope="session")
def started_webs(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[list[Web]]:
    """Two web processes on the test database and its Valkey, for every test of one group."""
    with running_web(tmp_path_factory.mktemp("web"), count=2) as running:
        yield running


@pytest.fixture
def webs(started_webs: list[Web]) -> list[Web]:
    """Both of them, up again where the test before left one down."""
    for web in started_webs:
        if web.process.poll() is not None:
            web.restart()
    return started_webs


@pytest.fixture
def web(webs: list[Web]) -> Web:
    return webs[0]


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Databases of our own go with their server; to drop one fails where a thread's connection is still there."""
    return not EXTERNAL


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
