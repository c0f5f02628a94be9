"""The compiled kernel with one line of its sources changed: a mutant, which a test has to notice."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from suite.rtc.kernel import build
from suite.rtc.kernel.library import Kernel

FOUND = 3  # what a child ends with that noticed


def objects(folder: Path) -> Path:
    """Every source, compiled as it stands: of a mutant one alone is compiled, and all are linked."""
    for source in build.SOURCES.glob("*.c"):
        _compile(source, folder)
    return folder


def noticed(name: str, before: str, after: str, *, objects: Path, folder: Path, by: Callable[[Kernel], None]) -> bool:
    """Whether `by` fails an assertion with the mutant; in a child, as a mutant may write where it must not."""
    text = (build.SOURCES / name).read_text()
    assert before in text
    (folder / name).write_text(text.replace(before, after, 1))
    _compile(folder / name, folder)
    others = [str(one) for one in objects.glob("*.o") if one.stem != Path(name).stem]
    made = folder / "mutant.so"
    build.call(["-shared", "-o", str(made), *others, str(folder / f"{Path(name).stem}.o")])
    child = os.fork()
    if child == 0:
        try:
            by(Kernel(made))
        except AssertionError:
            os._exit(FOUND)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == FOUND


def _compile(source: Path, folder: Path) -> None:
    flags = [flag for flag in build.FLAGS if flag != "-shared"]
    made = folder / f"{source.stem}.o"
    build.call([*flags, "-O0", f"-I{build.SOURCES}", "-c", "-o", str(made), str(source)])  # in a third of the time
