"""The kernel's tests once more under the address and undefined-behaviour sanitizers, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suite.rtc.kernel import build
from suite.rtc.kernel.library import LIBRARY

pytestmark = [pytest.mark.slow, pytest.mark.patient]

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
MINUTES = 20.0


@pytest.mark.skipif(LIBRARY in os.environ, reason="This is that process.")
def test_no_sanitizer_finds_anything(tmp_path: Path) -> None:
    found = build.compiler()
    if found is None:
        pytest.skip("There is no C compiler on this machine.")
    runtime = subprocess.run([found, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout.strip()
    if not Path(runtime).is_absolute():
        pytest.skip("This compiler brings no address sanitizer.")
    try:
        made = build.build(tmp_path, extra=build.SANITIZERS)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"This compiler cannot build with sanitizers: {error.stderr}")
    environment = {
        **os.environ, LIBRARY: str(made), "RTC_KERNEL": "c", "LD_PRELOAD": runtime,
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1",
    }  # fmt: skip
    tests = [str(HERE / name) for name in ("test_twins.py", "test_srtp.py", "test_fanout.py", "test_receive.py")]
    garbage = (
        "any_packet_is_read_alike_by_both_twins",
        *(f"what_is_kept_is_borne[{name}]" for name in ("rtp", "rtcp", "stun")),
    )
    tests += [f"{ROOT / 'tests/fuzz/test_targets.py'}::test_{name}" for name in garbage]
    quietly = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=1200", "-k", "not mutant"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *quietly, *tests],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60 * MINUTES, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, (ended.stdout + ended.stderr)[-4000:]
