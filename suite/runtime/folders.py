"""Where one copy of Suite keeps what it writes: `var/`, and a short private folder for its sockets."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from suite.runtime.refusal import Refusal

ROOT = Path(__file__).resolve().parents[2]
# sun_path holds 108 bytes with its closing zero (unix(7)); the longest name below is `.s.PGSQL.5432.lock`.
LONGEST_SOCKET = 107
LONGEST_NAME = 24


@dataclass(frozen=True, kw_only=True)
class Folders:
    """`var` outlives a run; `sockets` is short, private and made anew when the machine restarts."""

    var: Path
    sockets: Path

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "pg"

    @property
    def valkey(self) -> Path:
        return self.var / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def state(self) -> Path:
        return self.var / "run" / "state.json"


def folders_at(*, var: Path) -> Folders:
    """The folders of the copy whose data is in `var`; made where they are missing, private to this user.

    Raises `Refusal` where the socket folder belongs to somebody else or cannot be short enough.
    """
    var = var.resolve()
    name = f"suite-{os.geteuid()}-{hashlib.sha256(os.fsencode(var)).hexdigest()[:10]}"
    private = os.environ.get("XDG_RUNTIME_DIR", "")
    base = Path(private) if private and os.geteuid() and os.access(private, os.W_OK | os.X_OK) else Path("/tmp")  # noqa: S108  owner and mode are checked
    if len(os.fsencode(base / name)) > LONGEST_SOCKET - LONGEST_NAME:
        base = Path("/tmp")  # noqa: S108  as above
    folders = Folders(var=var, sockets=base / name)
    var.mkdir(parents=True, exist_ok=True)
    for part in ("run", "log", "files", "egress", "stamps"):
        (var / part).mkdir(mode=0o700, exist_ok=True)
    _claim(folders.sockets)
    _claim(folders.postgres_sockets)
    return folders


def _claim(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid in {os.geteuid(), unprivileged_uid()}
    if not ours or found.st_mode & 0o066:
        raise Refusal(f"The folder {folder} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR to a folder of yours.")


def unprivileged_uid() -> int:
    """The user that PostgreSQL runs as where we are root and user namespaces are off."""
    return 65534 if os.geteuid() == 0 else os.geteuid()
