"""Where a recording is written: below the root, under a name of its own until it is whole, with a note beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

_PARTIAL: Final = ".partial"
_NOTE: Final = ".partial.json"


class BadDestination(Exception):
    """A recording may not, or cannot, be written there."""


class Destination:
    """One recording's file. The note says what it is, so that a later process can finish it."""

    def __init__(self, *, root: Path, name: str) -> None:
        """Raises `BadDestination` where `name` leads out of `root` or names no file."""
        if not name or "\0" in name or name.endswith("/") or len(name) > 512:
            raise BadDestination("the destination names no file")
        self.name = name
        self.path = (root / name).resolve()
        if not self.path.is_relative_to(root) or self.path == root:
            raise BadDestination("the destination is outside the folder of recordings")
        self._partial = self.path.with_name(f".{self.path.name}{_PARTIAL}")
        self._note = self.path.with_name(f".{self.path.name}{_NOTE}")

    @classmethod
    def of_note(cls, *, root: Path, note: Path) -> Self:
        """The recording that a note was left of."""
        name = note.name[1 : -len(_NOTE)]
        return cls(root=root, name=str(note.with_name(name).relative_to(root)))

    def create(self, note: dict[str, Any]) -> BinaryIO:
        """Open the file for writing; raises `BadDestination` where it exists or the disk refuses."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.path.exists():
                raise BadDestination("the destination exists already")
            target = os.open(self._partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise BadDestination(f"the destination cannot be written: {error.strerror}") from error
        try:
            self.write_note(note)
        except OSError as error:
            os.close(target)
            self.discard()
            raise BadDestination(f"the destination cannot be written: {error.strerror}") from error
        return os.fdopen(target, "w+b")

    def reopen(self) -> BinaryIO | None:
        """Open what an earlier process left; None where there is nothing."""
        try:
            return self._partial.open("r+b")
        except OSError:
            return None

    def write_note(self, note: dict[str, Any]) -> None:
        """Replace the note as a whole; raises `OSError` where there is no room, and leaves what was."""
        fresh = self._note.with_name(self._note.name + "~")
        try:
            fresh.write_text(json.dumps(note))
            fresh.replace(self._note)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise

    def read_note(self) -> dict[str, Any]:
        """The note; empty where it cannot be read."""
        try:
            found = json.loads(self._note.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def complete(self) -> int:
        """Give the file its name; its size in bytes."""
        self._partial.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self.path.stat().st_size

    def discard(self) -> None:
        """Remove a file that holds no sound."""
        self._partial.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the note: what it says has been told."""
        self._note.unlink(missing_ok=True)


def left_over(root: Path) -> Iterator[Path]:
    """The notes that earlier processes left."""
    yield from root.rglob(f".*{_NOTE}")
