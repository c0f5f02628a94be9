"""Frames of a picture's codecs, put together from what their packets carry, as files want them.

VP8 (RFC 7741), VP9 (RFC 9628), H264 (RFC 6184), H265 (RFC 7798) and AV1 (AOM's RTP payload format). What cannot be read
raises `Malformed`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from suite.rtc.egress.vp9 import Malformed, superframe

__all__ = ["FORMS", "BadFilm", "Form", "Malformed", "form_of"]

START_CODE: Final = b"\0\0\0\1"
STAP_A: Final = 24
FU_A: Final = 28
AP_265: Final = 48
FU_265: Final = 49
IRAP_265: Final = frozenset(range(16, 22))
SETS_265: Final = frozenset({32, 33, 34})
IDR: Final = 5
SPS: Final = 7
SEQUENCE_HEADER: Final = 1
TEMPORAL_DELIMITER: Final = 2


class BadFilm(Exception):
    """The frames are not of the codec that they are said to be, or the file cannot be written."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a codec is read: may a frame begin with a payload, the frame of all its payloads, and is that a keyframe."""

    begins: Callable[[bytes], bool]
    join: Callable[[Sequence[bytes]], bytes]
    is_key: Callable[[bytes], bool]


# --- VP8


def _vp8_begins(payload: bytes) -> bool:
    return bool(payload[0] & 0x10) and not payload[0] & 0x07


def _vp8_start(payload: bytes) -> int:
    at = 1
    if payload[0] & 0x80:
        kinds, at = payload[1], 2
        if kinds & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(kinds & 0x40) + bool(kinds & 0x30)
    return at


def _vp8_join(payloads: Sequence[bytes]) -> bytes:
    return b"".join(payload[_vp8_start(payload) :] for payload in payloads)


def _vp8_is_key(frame: bytes) -> bool:
    return not frame[0] & 1


# --- VP9


def _vp9_begins(payload: bytes) -> bool:
    return bool(payload[0] & 0x08)


def _vp9_start(payload: bytes) -> int:
    first, at = payload[0], 1
    if first & 0x80:
        at += 2 if payload[at] & 0x80 else 1
    if first & 0x20:
        at += 1 if first & 0x10 else 2
    if first & 0x50 == 0x50:
        more = 1
        while more:
            more = payload[at] & 1
            at += 1
    if first & 0x02:
        at = _vp9_structure(payload, at)
    return at


def _vp9_structure(payload: bytes, at: int) -> int:
    head, at = payload[at], at + 1
    if head & 0x10:
        at += 4 * ((head >> 5) + 1)
    if head & 0x08:
        count, at = payload[at], at + 1
        for _ in range(count):
            at += 1 + (payload[at] >> 2 & 3)
    return at


def _vp9_join(payloads: Sequence[bytes]) -> bytes:
    """One frame, or those of a picture's layers."""
    frames: list[bytearray] = []
    for payload in payloads:
        if payload[0] & 0x08 or not frames:
            frames.append(bytearray())
        frames[-1] += payload[_vp9_start(payload) :]
    return superframe(frames)


def _vp9_is_key(frame: bytes) -> bool:
    profile = frame[0] >> 5 & 1 | frame[0] >> 3 & 2
    shown_again, predicted = (0x04, 0x02) if profile == 3 else (0x08, 0x04)
    return not frame[0] & (shown_again | predicted)


# --- H264 and H265


def _aggregated(payload: bytes, at: int) -> Iterator[bytearray]:
    """The units of an aggregation packet, H264's or H265's, behind its head of `at` bytes: each with its size in two."""
    while at + 2 < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        yield bytearray(payload[at + 2 : at + 2 + size])
        at += 2 + size


# --- H264


def _h264_begins(payload: bytes) -> bool:
    return payload[0] & 31 != FU_A or bool(payload[1] & 0x80)


def _h264_join(payloads: Sequence[bytes]) -> bytes:
    units: list[bytearray] = []
    for payload in payloads:
        kind = payload[0] & 31
        if kind == STAP_A:
            units += _aggregated(payload, 1)
        elif kind == FU_A:
            if payload[1] & 0x80:
                units.append(bytearray((payload[0] & 0xE0 | payload[1] & 31,)))
            if not units:
                raise Malformed("the end of a unit without its beginning")
            units[-1] += payload[2:]
        elif 1 <= kind < STAP_A:
            units.append(bytearray(payload))
        else:
            raise Malformed(f"unit of type {kind}")
    return b"".join(START_CODE + unit for unit in units if unit)


def _h264_kinds(frame: bytes) -> set[int]:
    return {unit[0] & 31 for unit in frame.split(START_CODE) if unit}


def _h264_is_key(frame: bytes) -> bool:
    return _h264_kinds(frame) >= {IDR, SPS}


def _with_sets(said: str) -> Form:
    """H264 whose parameter sets were said in the description alone (RFC 6184, 8.1): those without get them."""
    try:
        units = [base64.b64decode(word, validate=True) for word in said.split(",")]
    except (binascii.Error, ValueError):
        return FORMS["video/h264"]
    sets = b"".join(START_CODE + unit for unit in units if unit)

    def join(payloads: Sequence[bytes]) -> bytes:
        frame = _h264_join(payloads)
        kinds = _h264_kinds(frame)
        return sets + frame if IDR in kinds and SPS not in kinds else frame

    return replace(FORMS["video/h264"], join=join)


# --- H265


def _h265_kind(head: int) -> int:
    return head >> 1 & 63


def _h265_begins(payload: bytes) -> bool:
    return _h265_kind(payload[0]) != FU_265 or bool(payload[2] & 0x80)


def _h265_join(payloads: Sequence[bytes]) -> bytes:
    units: list[bytearray] = []
    for payload in payloads:
        kind = _h265_kind(payload[0])
        if kind == AP_265:
            units += _aggregated(payload, 2)
        elif kind == FU_265:
            if payload[2] & 0x80:
                units.append(bytearray((payload[0] & 0x81 | (payload[2] & 63) << 1, payload[1])))
            if not units:
                raise Malformed("the end of a unit without its beginning")
            units[-1] += payload[3:]
        elif kind < AP_265:
            units.append(bytearray(payload))
        else:
            raise Malformed(f"unit of type {kind}")
    return b"".join(START_CODE + unit for unit in units if unit)


def _h265_is_key(frame: bytes) -> bool:
    kinds = {_h265_kind(unit[0]) for unit in frame.split(START_CODE) if unit}
    return bool(kinds & IRAP_265) and kinds >= SETS_265


# --- AV1


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value, at + place + 1
    raise Malformed("a number without an end")


def _to_leb128(value: int) -> bytes:
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def _av1_begins(payload: bytes) -> bool:
    return not payload[0] & 0x80


def _av1_elements(payload: bytes) -> list[bytes]:
    count, at, found = payload[0] >> 4 & 3, 1, list[bytes]()
    while at < len(payload):
        size = len(payload) - at
        if not count or len(found) < count - 1:
            size, at = _leb128(payload, at)
        if at + size > len(payload):
            raise Malformed("an element beyond its packet")
        found.append(payload[at : at + size])
        at += size
    return found


def _av1_join(payloads: Sequence[bytes]) -> bytes:
    """Units with their sizes, without temporal delimiters: files have none."""
    units: list[bytearray] = []
    for payload in payloads:
        elements = _av1_elements(payload)
        if payload[0] & 0x80 and elements:
            if not units:
                raise Malformed("the end of a unit without its beginning")
            units[-1] += elements.pop(0)
        units += map(bytearray, elements)
    return b"".join(_av1_sized(bytes(unit)) for unit in units if unit and unit[0] >> 3 & 15 != TEMPORAL_DELIMITER)


def _av1_sized(unit: bytes) -> bytes:
    if unit[0] & 2:
        return unit
    head = 2 if unit[0] & 4 else 1
    return bytes((unit[0] | 2,)) + unit[1:head] + _to_leb128(len(unit) - head) + unit[head:]


def _av1_is_key(frame: bytes) -> bool:
    return frame[0] >> 3 & 15 == SEQUENCE_HEADER


FORMS: Final = {
    "video/vp8": Form(_vp8_begins, _vp8_join, _vp8_is_key),
    "video/vp9": Form(_vp9_begins, _vp9_join, _vp9_is_key),
    "video/h264": Form(_h264_begins, _h264_join, _h264_is_key),
    "video/h265": Form(_h265_begins, _h265_join, _h265_is_key),
    "video/av1": Form(_av1_begins, _av1_join, _av1_is_key),
}


def form_of(mime: str, parameter_sets: str = "") -> Form | None:
    """How a picture of a codec is read; `parameter_sets` as in a description; None for what is no picture of ours."""
    return _with_sets(parameter_sets) if mime == "video/h264" and parameter_sets else FORMS.get(mime)
