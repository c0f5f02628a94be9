"""The demonstration provider as a child of the test session: the same server that `make run` starts."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from suite.runtime.folders import ROOT
from suite.runtime.node import node_folder

READY_SECONDS = 120.0  # longer than a busy machine takes


@contextmanager
def running_provider(*, keys: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Its issuer, while it runs with `variables` beside the test session's own."""
    environment = {
        **os.environ,
        "SUITE_MODE": "demonstration",
        "PROVIDER_KEYS": str(keys),
        "OIDC_REDIRECT_URIS": "http://testserver/oidc/callback/,http://localhost:8000/oidc/callback/",
        "OIDC_SIGNED_OUT_URIS": "http://testserver/,http://localhost:8000/,http://localhost:8000/sign-in/?signed_out=1",
        **variables,
    }
    log = keys.with_suffix(".log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            [node_folder() / "node", "provider/server.mjs"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        issuer = environment["OIDC_ISSUER"]
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(issuer):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The provider did not start: {log.read_text()}")
            time.sleep(0.05)
        yield issuer
    finally:
        process.terminate()
        process.wait(10)


def _answers(issuer: str) -> bool:
    try:
        return requests.get(f"{issuer}/.well-known/openid-configuration", timeout=2).ok
    except requests.ConnectionError:
        return False
