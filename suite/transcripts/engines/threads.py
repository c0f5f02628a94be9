from __future__ import annotations

import os


def limit_threads(threads: int) -> None:
    """Hold every numeric library that is not loaded yet to `threads` threads.

    Left alone each takes every core; two of them on two cores cost ten times the CPU time (measured: 57 s for 5 s).
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, str(threads))
