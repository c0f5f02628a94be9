"""Garbage to every parser that reads what strangers send: it is read or refused, and nothing else happens.

What is found, by hypothesis or by atheris (`make fuzz`), is kept in `corpus/<target>` and tried first.
"""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suite.rtc.kernel import build
from suite.rtc.kernel.library import LIBRARY, load
from tests.fuzz.targets import TARGETS, kept, read_rtp

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
GUIDED = 4  # s of each target's guided search
EACH = pytest.mark.parametrize("name", TARGETS)
QUICK = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])

header = st.builds(
    lambda first, second, rest: bytes([0x80 | first, second]) + rest,
    st.integers(0, 63), st.integers(0, 255), st.binary(min_size=10, max_size=10),
)  # fmt: skip
extensions = st.builds(
    lambda profile, words, rest: profile + words.to_bytes(2, "big") + rest,
    st.sampled_from([b"\xbe\xde", b"\x10\x00", b"\x10\x0f", b"\x12\x34"]), st.integers(0, 20), st.binary(max_size=80),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The compiled twin of these very sources, wherever there is a compiler."""
    with pytest.MonkeyPatch.context() as patched:
        if load()[0] is None and build.compiler() is not None:
            patched.setenv(LIBRARY, str(build.build(tmp_path_factory.mktemp("kernel"))))
        yield


@EACH
def test_what_is_kept_is_borne(name: str) -> None:
    assert kept(name)
    for path in kept(name):
        TARGETS[name](path.read_bytes())


@EACH
def test_what_is_kept_is_borne_when_it_is_damaged(name: str) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    for path in chance.choices(kept(name), k=60):
        data = bytearray(path.read_bytes())
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(data) + 1)
            data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        TARGETS[name](bytes(data))


@EACH
def test_any_bytes_are_borne(name: str) -> None:
    @settings(QUICK, max_examples=60)
    @given(st.binary(max_size=300))
    def tried(data: bytes) -> None:
        TARGETS[name](data)

    tried()


@QUICK
@given(st.builds(lambda *parts: b"".join(parts), header, extensions, st.binary(max_size=60)))
def test_any_packet_is_read_alike_by_both_twins(data: bytes) -> None:
    read_rtp(data)


def test_a_guided_search_finds_nothing(tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it has a wheel for Linux on x86-64 alone.")
    command = [sys.executable, "-m", "tests.fuzz.explore", *TARGETS, "--seconds", str(GUIDED), "--found", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert ended.stderr.count("stat::number_of_executed_units") == len(TARGETS)
    assert not list(tmp_path.glob("*-crash-*"))
