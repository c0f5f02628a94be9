"""That `xdist_group` is heard: what one worker starts for a group is started again for each test where it is not."""

from __future__ import annotations

import pytest

SEEN: set[int] = set()


@pytest.mark.xdist_group("asked")
@pytest.mark.parametrize("number", range(6))
def test_a_group_is_one_workers(number: int, request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("one process runs all tests: there are no groups")
    SEEN.add(number)
    assert request.node.nodeid.endswith("@asked")
    assert set(range(number)) <= SEEN
