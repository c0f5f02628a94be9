"""Garbage to the packet parser, both twins with one corpus: it is read or refused, alike, and nothing else happens.

What hypothesis finds goes by hand into `corpus/rtp`, one file a datagram; all of it is tried first.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from suite.rtc.kernel.library import Kernel
from suite.rtc.packets import codecs
from suite.rtc.packets.rtp import repaired
from tests.rtc.kernel.conftest import kernel
from tests.rtc.kernel.twins import KINDS, inspect_both, read_both

pytestmark = pytest.mark.slow

CORPUS = sorted((Path(__file__).parent / "corpus" / "rtp").glob("*.bin"))
__all__ = ["kernel"]  # the fixture
FORMS = [codecs.OTHER, *codecs.FORMS.values()]
QUICK = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

header = st.builds(
    lambda first, second, rest: bytes([0x80 | first, second]) + rest,
    st.integers(0, 63), st.integers(0, 255), st.binary(min_size=10, max_size=10),
)  # fmt: skip
extensions = st.builds(
    lambda profile, words, rest: profile + words.to_bytes(2, "big") + rest,
    st.sampled_from([b"\xbe\xde", b"\x10\x00", b"\x10\x0f", b"\x12\x34"]), st.integers(0, 20), st.binary(max_size=80),
)  # fmt: skip
datagrams = st.one_of(
    st.binary(max_size=120), st.builds(lambda *parts: b"".join(parts), header, extensions, st.binary(max_size=60))
)


def both(kernel: Kernel, data: bytes) -> None:
    for kinds in (KINDS, bytes(256)):
        for form in FORMS:
            read = read_both(kernel, data, kinds)
            if read is None:
                break
            if read[0].payload < read[0].end:
                inspect_both(kernel, read[0], read[1], form)
                repaired(read[0], ssrc=1, payload_type=96)


def test_the_corpus_is_read_alike(kernel: Kernel) -> None:
    assert CORPUS
    for path in CORPUS:
        both(kernel, path.read_bytes())


@QUICK
@given(data=datagrams)
@example(data=b"")
def test_any_garbage_is_read_alike(kernel: Kernel, data: bytes) -> None:
    both(kernel, data)
