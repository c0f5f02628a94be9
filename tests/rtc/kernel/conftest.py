"""The compiled kernel, as set-up built it or built here; skipped where there is no compiler."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from suite.rtc.kernel import build
from suite.rtc.kernel.library import LIBRARY, Kernel
from tests.rtc.kernel import broken
from tests.rtc.kernel.reader import Reader


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mutants are linked with."""
    if build.compiler() is None:
        pytest.skip("There is no C compiler on this machine.")
    return broken.objects(tmp_path_factory.mktemp("objects"))


@pytest.fixture(scope="session")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    given = os.environ.get(LIBRARY)
    if given:
        return Kernel(Path(given))
    if build.compiler() is None:
        pytest.skip("There is no C compiler on this machine.")
    return Kernel(build.build(tmp_path_factory.mktemp("kernel")))


@pytest.fixture
def plane() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(5)
        yield made


@pytest.fixture
def readers(kernel: Kernel, plane: socket.socket) -> Iterator[list[Reader]]:
    made = [Reader(kernel, plane) for _ in range(3)]
    yield made
    for one in made:
        one.socket.close()
        one.keys.close()
