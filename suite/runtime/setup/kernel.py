"""The media server's compiled kernel. A machine without a C compiler goes without: its Python twin does the same, slower."""

from __future__ import annotations

import shutil

from suite.runtime.setup.step import PYTHON, ROOT, Step, call, environment_identity

FOLDER = ROOT / "suite" / "rtc" / "kernel"


def kernel_step() -> Step:
    """`cc` over `suite/rtc/kernel`, into the environment; what it said is in the set-up's log."""
    sources = sorted([*FOLDER.glob("*.[ch]"), FOLDER / "build.py"])
    return Step(
        name="kernel",
        says="Media kernel" if shutil.which("cc") else "Media kernel (no C compiler: its Python twin)",
        action=lambda: call([PYTHON, "-m", "suite.rtc.kernel.build"], otherwise="The media kernel could not be built."),
        inputs=[source.relative_to(ROOT).as_posix() for source in sources],
        facts={**environment_identity(), "compiler": shutil.which("cc") or ""},
    )
