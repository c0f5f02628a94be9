from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from suite.transcripts.engines.base import EngineError

_BLOCK = 1 << 20


def packaged(package: str, name: str) -> Path:
    """The file `name` inside an installed `package`, found without running the package's code.

    Raises `EngineError` where the package is not installed or lacks the file.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / name
        if path.is_file():
            return path
    raise EngineError(
        _("A speech model is not installed. Whoever runs Suite installs it with “make run”."),
        permanent=False,
        package=package,
    )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(path: Path | None, sha256: str | None) -> Path:
    """`path`, once its content is what was promised.

    Raises `EngineError` where it is absent, where no hash was given, or where the hash differs.
    """
    if path is None or not path.is_file():
        raise EngineError(
            _("A speech model is not where the settings say. Whoever runs Suite checks its path."),
            permanent=False,
            file=path.name if path else "",
        )
    if sha256 is None or sha256_of(path) != sha256.lower():
        raise EngineError(
            _("A speech model is not the file that the settings promise (sha256), so it is not loaded."),
            permanent=False,
            file=path.name,
        )
    return path


def joined(*, parts: Iterable[Path], beside: Iterable[Path], sha256: str, folder: Path, name: str) -> Path:
    """A model's folder made of `parts` in order (as model.bin) and copies of the files `beside` it.

    The folder appears whole or not at all, so two workers may do this at once. Raises `EngineError` where the disk refuses
    or the parts do not add up to `sha256`.
    """
    target = folder / f"{name}-{sha256[:12]}"
    try:
        if not target.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _build(target, parts, beside, sha256)
        elif sha256_of(target / "model.bin") != sha256:  # a disk that filled up, a hand that edited
            shutil.rmtree(target)
            _build(target, parts, beside, sha256)
    except OSError as error:
        raise EngineError(
            _("The speech model cannot be written. Whoever runs Suite checks the room left on the disk."),
            permanent=False,
            file=name,
        ) from error
    return target


def _build(target: Path, parts: Iterable[Path], beside: Iterable[Path], sha256: str) -> None:
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        digest = hashlib.sha256()
        with (work / "model.bin").open("wb") as out:
            for part in parts:
                with part.open("rb") as file:
                    while block := file.read(_BLOCK):
                        digest.update(block)
                        out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != sha256:
            raise EngineError(
                _("The installed parts of the speech model do not belong together."), permanent=False, name=target.name
            )
        for path in beside:
            shutil.copy2(path, work / path.name)
        work.chmod(0o755)
        try:
            work.rename(target)
        except OSError:
            if not target.is_dir():  # otherwise another worker was faster, with the same bytes
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
