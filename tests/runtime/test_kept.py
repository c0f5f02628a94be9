"""Secrets and ports: made once, kept, private."""

from __future__ import annotations

import shutil
import socket
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from suite.runtime import run
from suite.runtime.kept import keep_ports, keep_secrets
from suite.runtime.refusal import Refusal
from tests.engines import free_port


def test_secrets_are_random_kept_and_private(tmp_path: Path) -> None:
    first = keep_secrets(tmp_path)
    assert keep_secrets(tmp_path) == first
    assert len(set(vars(first).values())) == len(vars(first))
    assert min(len(value) for value in vars(first).values()) == 64
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_ports_are_kept_and_a_wish_is_for_one_run(tmp_path: Path) -> None:
    first = keep_ports(tmp_path, web=None, workers=2)
    wish = free_port()
    assert keep_ports(tmp_path, web=wish, workers=2).web == wish
    assert keep_ports(tmp_path, web=None, workers=2) == first


def test_a_taken_media_port_moves_on(tmp_path: Path) -> None:
    first = keep_ports(tmp_path, web=None, workers=1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("", first.media))
        assert keep_ports(tmp_path, web=None, workers=1).media > first.media


def test_a_taken_provider_port_is_a_sentence_because_accounts_are_tied_to_it(tmp_path: Path) -> None:
    first = keep_ports(tmp_path, web=None, workers=1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first.provider))
        taken.listen(1)
        with pytest.raises(Refusal, match="accounts are tied to"):
            keep_ports(tmp_path, web=None, workers=1)
        assert keep_ports(tmp_path, web=None, workers=1, has_provider=False).provider == first.provider


@pytest.mark.parametrize("port", [70000, -1])
def test_what_is_no_port_is_refused(tmp_path: Path, port: int) -> None:
    with pytest.raises(Refusal, match="is no port"):
        keep_ports(tmp_path, web=port, workers=1)


def test_a_port_taken_over_ipv6_counts_as_taken(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET6) as taken:
        try:
            taken.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
        taken.listen(1)
        with pytest.raises(Refusal, match="taken"):
            keep_ports(tmp_path, web=taken.getsockname()[1], workers=1)


def test_a_full_disk_is_said_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=10**6))
    with pytest.raises(Refusal, match="free 300 MB, then start again"):
        run.require_disk(tmp_path)
