"""The environment that Django's settings read in tests and checks: `python -m tests.environment mypy` runs mypy in it."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

SECRET = "only-for-tests-" + "0123456789abcdef" * 3


def settings_environment(
    *, database_url: str, valkey_url: str, valkey_prefix: str, files: Path, sockets: Path, issuer: str
) -> dict[str, str]:
    """Every variable that `suite/config/settings.py` asks for."""
    return {
        "DATABASE_URL": database_url,
        "VALKEY_URL": valkey_url,
        "VALKEY_PREFIX": valkey_prefix,
        "SUITE_MODE": "demonstration",
        "SECRET_KEY": SECRET,
        "PUBLIC_URL": "http://localhost:8000",
        "LIVEKIT_URL": "ws://localhost:8000",
        "LIVEKIT_API_URL": "http://localhost:8000",
        "LIVEKIT_API_KEY": "testkey",
        "LIVEKIT_API_SECRET": SECRET,
        "RTC_WORKER_SOCKETS": f"{sockets}-rtc.sock",
        "RTC_EGRESS_SOCKET": f"{sockets}-egress.sock",
        "RTC_EGRESS_ROOT": str(files / "egress"),
        "FILES_ROOT": str(files / "files"),
        "AUDIT_WITNESS_ROOT": str(files / "witness"),
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": "suite",
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_DEMONSTRATION_PROVIDER": "1",
        "SPEECH": "0",
    }


def main() -> None:
    """Run a module that loads the settings and reaches nothing."""
    nowhere = Path("/nonexistent")
    os.environ |= settings_environment(
        database_url="postgresql://suite@/suite?host=/nonexistent",
        valkey_url="unix:///nonexistent",
        valkey_prefix="check",
        files=nowhere,
        sockets=nowhere,
        issuer="http://localhost:9300",
    )
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
