"""Compiling the kernel: `cc` and C's own headers are all that it takes. The standard library alone: set-up runs it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parent
FOLDER: Final = Path(sys.prefix) / "lib" / "suite"  # where set-up puts what it compiles: it goes with the environment
FLAGS: Final = (
    "-std=gnu11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Wshadow", "-Werror", "-fPIC", "-shared",
    "-fvisibility=default",
)  # fmt: skip
SANITIZERS: Final = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-fno-omit-frame-pointer")


def compiler() -> str | None:
    """The C compiler of this machine."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def digest() -> str:
    """Changes with the sources and with how they are compiled."""
    made = hashlib.sha256(repr(FLAGS).encode())
    for source in sorted(SOURCES.glob("*.[ch]")):
        made.update(source.name.encode() + b"\0" + source.read_bytes())
    return made.hexdigest()[:16]


def library(folder: Path) -> Path:
    """Where the library of these sources is, or would be."""
    return folder / f"rtc-{digest()}.so"


def build(folder: Path, *, extra: tuple[str, ...] = ()) -> Path:
    """Compile into `folder`; raises `subprocess.CalledProcessError` where the compiler refuses, `FileNotFoundError` without."""
    folder.mkdir(parents=True, exist_ok=True)
    made = library(folder)
    part = made.with_suffix(".part")
    sources = sorted(str(source) for source in SOURCES.glob("*.c"))
    call([*FLAGS, *extra, "-o", str(part), *sources])
    part.replace(made)
    return made


def call(arguments: list[str]) -> None:
    """Have the compiler do it; raises as `build`."""
    found = compiler()
    if found is None:
        raise FileNotFoundError("no C compiler")
    subprocess.run(  # noqa: S603 -- the compiler and our own sources
        [found, *arguments], check=True, capture_output=True, text=True
    )


def main() -> int:
    """Compile for this environment. A machine that cannot is none the worse for it: the Python twin does the same."""
    for old in FOLDER.glob("rtc-*"):
        old.unlink()
    try:
        sys.stdout.write(f"compiled: {build(FOLDER)}\n")
    except FileNotFoundError:
        sys.stdout.write("no C compiler: the media server runs on its Python twin (Debian: apt-get install gcc libc6-dev)\n")
    except subprocess.CalledProcessError as error:
        sys.stdout.write(f"not compiled, so the media server runs on its Python twin:\n{error.stderr}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
