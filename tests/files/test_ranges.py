"""Ranges as RFC 9110 writes them (14.1, 14.2, 13.1.5)."""

from __future__ import annotations

import pytest

from suite.files.ranges import OutOfRange, Part, part_asked

TAG = '"abc"'


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", Part(0, 1)),
        ("bytes=0-", Part(0, 10)),
        ("Bytes=2-5", Part(2, 4)),
        ("bytes=9-9", Part(9, 1)),
        ("bytes=5-99999999999999999999", Part(5, 5)),
        ("bytes=-3", Part(7, 3)),
        ("bytes=-99", Part(0, 10)),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("bytes=a-b", None),
        ("bytes=٣-", None),
        ("seconds=0-1", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_a_range_is_a_part_or_nothing(asked: str, part: Part | None) -> None:
    assert part_asked(asked=asked, condition="", tag=TAG, size=10) == part


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"])
def test_what_lies_outside_is_said(asked: str) -> None:
    with pytest.raises(OutOfRange):
        part_asked(asked=asked, condition="", tag=TAG, size=10)


def test_a_range_of_another_entity_is_the_whole() -> None:
    assert part_asked(asked="bytes=0-1", condition=TAG, tag=TAG, size=10) == Part(0, 2)
    for other in ('"abd"', 'W/"abc"', "Sun, 22 Nov 2026 11:00:00 GMT"):
        assert part_asked(asked="bytes=0-1", condition=other, tag=TAG, size=10) is None
