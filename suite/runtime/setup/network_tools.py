"""What tests of bad networks and of TURN run: nftables, iproute2, coturn. Without them those tests are skipped and say so."""

from __future__ import annotations

import contextlib
import os
import shutil

from suite.runtime.setup import debian
from suite.runtime.setup.step import Obstacle, Step, call

PACKAGES = {"nft": "nftables", "ip": "iproute2", "ss": "iproute2", "turnserver": "coturn"}


def network_tools_step() -> Step:
    """Install Debian's packages of them where apt-get may be used; elsewhere nothing is in the way."""
    return Step(name="network-tools", says="Network tools", action=_install, facts={"missing": " ".join(missing())})


def missing() -> list[str]:
    """Packages of commands that are not found, by name."""
    return sorted({package for command, package in PACKAGES.items() if shutil.which(command) is None})


def _install() -> None:
    wanted = missing()
    if "coturn" in wanted and os.geteuid() == 0 and shutil.which("systemctl"):
        # Tests start one of their own; the machine is not to relay for others because somebody tested here.
        with contextlib.suppress(Obstacle):
            call(["systemctl", "mask", "coturn.service"], otherwise="")
    if wanted:
        with contextlib.suppress(Obstacle):
            debian.install(*wanted, otherwise="")
