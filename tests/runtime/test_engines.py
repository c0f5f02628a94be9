from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
import redis

from suite.runtime.engines import addresses
from suite.runtime.folders import ROOT
from tests.engines import FOLDER
from tests.whole import environment


def connect() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"].replace("/test_", "/"), autocommit=True)


def test_the_database_reads_french(engines: None) -> None:
    with connect() as connection:
        row = connection.execute(
            "SELECT unaccent('Réunion à Besançon'), to_tsvector('french', 'Les réunions étaient prévues')::text"
        ).fetchone()
    assert row == ("Reunion a Besancon", "'le':1 'prévu':4 'réunion':2")


def test_valkey_answers(engines: None) -> None:
    assert redis.Redis.from_url(os.environ["VALKEY_URL"]).ping()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL runs as it is for everybody but root")
@pytest.mark.parametrize("how", ["namespace", "user"])
def test_as_root_postgresql_runs_as_somebody_else(how: str) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="suite-é ") as folder:
        Path(folder).chmod(0o755)
        command = [sys.executable, "-m", "suite.runtime", "--var", folder, "engines", "--volatile"]
        variables = environment({"SUITE_POSTGRES_AS": how})
        for _start in range(2):
            run = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            assert run.stdout is not None
            addresses = json.loads(run.stdout.readline())
            with psycopg.connect(addresses["DATABASE_URL"]) as connection:
                assert connection.execute("SELECT current_user").fetchone() == ("suite_app",)
            assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o755
            run.terminate()
            run.communicate(timeout=20)
            assert run.returncode == 0


def test_the_application_changes_no_tables_and_nobody_enters_without_a_password(engines: None) -> None:
    url = os.environ["DATABASE_URL"]
    application = urlsplit(addresses(FOLDER / "engines")["DATABASE_URL"])
    with psycopg.connect(application.geturl(), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE ROLE other SUPERUSER")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url.replace(str(urlsplit(url).password), "guess"))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql://postgres@/postgres?host={parse_qs(urlsplit(url).query)['host'][0]}")


def test_no_engine_listens_on_a_port(engines: None) -> None:
    first = psutil.Process(int((FOLDER / "engines.pid").read_text()))
    own = {first.pid, *(one.pid for one in first.children(recursive=True))}
    names = {one.info["name"] for one in psutil.process_iter(["pid", "name"]) if one.info["pid"] in own}
    assert {"postgres", "valkey-server"} <= names
    assert not own & {connection.pid for connection in psutil.net_connections(kind="inet")}


@pytest.mark.slow
def test_a_lock_left_by_a_dead_server_is_taken_away(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "suite.runtime", "--var", str(tmp_path), "engines", "--volatile"]
    for _start in range(2):
        run = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert run.stdout is not None
        assert run.stdout.readline().startswith("{")
        server = int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(server, 9)
        run.communicate(timeout=20)
        assert run.returncode == 1
    lock = tmp_path / "postgres" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n" + lock.read_text().split("\n", 1)[1])  # a number that another program has by now
    run = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert run.stdout is not None
    assert run.stdout.readline().startswith("{")
    run.terminate()
    run.communicate(timeout=20)
