"""Debian's own packages, installed where this machine lets us."""

from __future__ import annotations

import os
import shutil

from suite.runtime.setup.step import Obstacle, call

WAIT = ("-o", "DPkg::Lock::Timeout=400")  # seconds for another apt-get


def install(*packages: str, otherwise: str) -> None:
    """Install packages; raises `Obstacle` with the sentence `otherwise` where apt-get may not be used or fails."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Obstacle(otherwise)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    call(["apt-get", *WAIT, "update"], otherwise=otherwise, environment=environment)
    command = ["apt-get", *WAIT, "install", "-y", "--no-install-recommends", *packages]
    call(command, otherwise=otherwise, environment=environment)
