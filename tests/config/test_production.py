"""Production refuses to start with the demonstration's provider, with an example secret, or with none."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

import pytest

from suite.runtime.folders import ROOT

LONG = secrets.token_hex(32)
GOOD = {
    "SUITE_MODE": "production",
    "PUBLIC_URL": "https://suite.example.org",
    "SECRET_KEY": LONG,
    "LIVEKIT_API_SECRET": LONG,
    "OIDC_CLIENT_SECRET": LONG,
    "OIDC_DEMONSTRATION_PROVIDER": "0",
}


def started_with(**changes: str) -> subprocess.CompletedProcess[str]:
    """Django's settings read in a process of their own."""
    variables = {**os.environ, **GOOD, **changes}
    command = [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**variables, "DJANGO_SETTINGS_MODULE": "suite.config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts_with_what_it_needs() -> None:
    assert started_with().returncode == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"OIDC_DEMONSTRATION_PROVIDER": "1"}, "it does not run in production"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short or an example"),
        ({"SECRET_KEY": "changeme" * 8}, "SECRET_KEY is too short or an example"),
        ({"LIVEKIT_API_SECRET": "secretsecretsecretsecretsecretsecret12"}, "LIVEKIT_API_SECRET is too short or an example"),
        ({"LIVEKIT_API_SECRET": ""}, "LIVEKIT_API_SECRET is not set"),
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET is not set"),
        ({"OIDC_CLIENT_SECRET": "changeme" * 8}, "OIDC_CLIENT_SECRET is too short or an example"),
        ({"PUBLIC_URL": "http://suite.example.org"}, "PUBLIC_URL must begin with https://"),
        ({"SUITE_MODE": "test"}, "it can be demonstration or production"),
        ({"DATABASE_URL": "sqlite:///suite.db"}, "Suite runs on PostgreSQL only"),
    ],
)
def test_it_refuses_in_one_sentence(changes: dict[str, str], sentence: str) -> None:
    ended = started_with(**changes)
    assert ended.returncode != 0
    assert sentence in ended.stderr.splitlines()[-1]
