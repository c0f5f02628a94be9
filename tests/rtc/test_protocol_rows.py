"""docs/media/protocol.md has a row for everything that the installed protobufs name, and each row names what shows it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from livekit.protocol import egress, models, room, rtc

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "media" / "protocol.md"
RECORDINGS = ROOT / "tests" / "protocol" / "vectors" / "livekit"
WEBHOOKS = """room_started room_finished participant_joined participant_left participant_connection_aborted track_published
    track_unpublished egress_started egress_updated egress_ended ingress_started ingress_ended"""
ROW = re.compile(r"^\| `([A-Za-z_]+)` \| (.+) \| (.+) \|$", re.MULTILINE)


def _members(message: object) -> set[str]:
    return {field.name for field in message.DESCRIPTOR.oneofs[0].fields}  # type: ignore[attr-defined]


def _methods(file: object, service: str) -> set[str]:
    return {method.name for method in file.DESCRIPTOR.services_by_name[service].methods}  # type: ignore[attr-defined]


NAMED = {
    "SignalRequest": _members(rtc.SignalRequest),
    "SimulateScenario": _members(rtc.SimulateScenario),
    "SignalResponse": _members(rtc.SignalResponse),
    "DataPacket": _members(models.DataPacket),
    "RoomService": _methods(room, "RoomService"),
    "Egress": _methods(egress, "Egress"),
    "Webhooks": set(WEBHOOKS.split()),
}


@cache
def _sections() -> dict[str, str]:
    parts = re.split(r"^##+ (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def _tests() -> frozenset[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        found.update(re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE))
    return frozenset(found)


@pytest.mark.parametrize("section", NAMED)
def test_everything_that_has_a_name_has_a_row(section: str) -> None:
    rows = [name for name, _, _ in ROW.findall(_sections()[section])]
    assert len(rows) == len(set(rows))
    assert set(rows) == NAMED[section]


def test_every_permission_has_a_row() -> None:
    rows = {name for name, _, _ in ROW.findall(_sections()["Grants"])}
    shown = models.ParticipantPermission.DESCRIPTOR.fields_by_name
    claims = {"can_update_metadata": "canUpdateOwnMetadata"}
    camel = {claims.get(name) or re.sub(r"_([a-z])", lambda m: m[1].upper(), name) for name in shown}
    assert camel <= rows


def test_what_a_row_says_is_shown() -> None:
    for section in [*NAMED, "Grants"]:
        for name, _, shown in ROW.findall(_sections()[section]):
            named = re.findall(r"`([^`]+)`", shown)
            assert named, f"{section} {name} names nothing that shows it"
            for reference in named:
                there = reference in _tests() or (RECORDINGS / f"{reference}.jsonl.xz").exists()
                assert there, f"{section} {name}: there is no {reference}"
