"""The rows that both twins work on: each a `ctypes.Structure` that is the struct of its name in kernel.h, field by field."""

from __future__ import annotations

from ctypes import (
    Structure,
    c_double,
    c_int8,
    c_int32,
    c_int64,
    c_uint8,
    c_uint16,
    c_uint32,
    c_void_p,
)
from struct import Struct
from typing import Any, ClassVar, Final

KINDS: Final = 8
DROPS: Final = 32
TEMPLATE: Final = 40
SENT: Final = 1024  # packets whose sending is remembered, a power of two
DATAGRAM: Final = 2048
SLOTS: Final = 64
NAME: Final = 28
STRIDE: Final = 1536  # bytes of a layer's ring for each packet
CREDENTIAL: Final = 64  # bytes of a ufrag or password of ours
HEADERS: Final = 20  # bytes of an RTP header with an extension
ANSWER: Final = 80  # bytes of the longest answer to a check
HEARD_A_SECOND: Final = 8_000  # datagrams of one peer that are looked at: 75 Mbit/s of full ones
HEARD_AT_ONCE: Final = 1_500  # more than a whole window of data, 1 MB
DETAILS: Final = 10  # calm feedbacks that wait to be told together
SPAN: Final = 600  # packets that one feedback to a publisher describes at most
AWAITED: Final = 4 * SPAN  # arrivals that wait to be told
TOLD: Final = 1400  # bytes of the longest feedback to a publisher

# What a datagram was found to be (kernel.h).
EMPTY, STUN, RECORD, STRANGER, UNKNOWN, EARLY, REFUSED, MALFORMED, MEDIA, CONTROL, SEALED, FEEDBACK, TAKEN = range(13)
CLOSED, DIRECT, INDIRECT = range(3)  # routes of a line: nothing is sent, the kernel sends, Python sends

Fields = list[tuple[str, Any]]
_FORMS: Final = {c_int64: "q", c_double: "d", c_uint32: "I", c_int32: "i"}


def _all(kind: Any, names: str) -> list[tuple[str, Any]]:
    return [(name, kind) for name in names.split()]


def span(row: type[Structure], names: str) -> tuple[Struct, int]:
    """The named fields of a row, in its order, as a struct that passes over what is between them, and where it begins.

    An attribute of a row costs a call each; this is one for all. To be written by it, fields must follow each other.
    """
    kinds = {name: kind for name, kind, *_ in row._fields_}
    wanted = names.split()
    begin = at = int(getattr(row, wanted[0]).offset)
    form = "="
    for name in wanted:
        field = getattr(row, name)
        form += f"{field.offset - at}x{_FORMS[kinds[name]]}"
        at = field.offset + field.size
    return Struct(form), begin


class PacketRow(Structure):
    """`struct rtc_packet`."""

    payload: int
    end: int
    temporal: int

    _fields_: ClassVar[Fields] = [
        ("data", c_void_p),
        ("extended", c_int64),
        *_all(c_int32, "length payload end form"),
        *_all(c_uint32, "timestamp ssrc"),
        *_all(c_uint16, "sequence picture present switches tops"),
        ("at", c_uint16 * KINDS),
        ("size", c_uint8 * KINDS),
        *_all(
            c_uint8,
            "marker payload_type picture_at picture_width zero zero_at temporal synchronous begins keyframe ends layered "
            "spatial predicted",
        ),
    ]


class DigestRow(Structure):
    """`struct rtc_digest`."""

    _fields_: ClassVar[Fields] = [
        *_all(c_int64, "received lost"),
        *_all(c_double, "shortest mean arrived_first arrived_last left_first left_last at"),
        *_all(c_int64, "arrived_bytes left_bytes in_flight"),
    ]


class ArrivalsRow(Structure):
    """`struct rtc_arrivals`."""

    _fields_: ClassVar[Fields] = [
        *_all(c_int64, "next highest"),
        *_all(c_int32, "count told"),
        ("media", c_uint32),
        ("numbers", c_int64 * AWAITED),
        ("times", c_double * AWAITED),
    ]


class DepartureRow(Structure):
    """`struct rtc_departure`."""

    _pack_ = 4
    _fields_: ClassVar[list[tuple[str, Any] | tuple[str, Any, int]]] = [
        ("at", c_double),
        ("following", c_uint32, 17),
        ("size", c_uint32, 15),
    ]


class LineRow(Structure):
    """`struct rtc_line`."""

    _fields_: ClassVar[Fields] = [
        *_all(c_void_p, "inbound outbound layers arrivals"),
        *_all(c_int64, "number packets unsent"),
        *_all(c_int32, "route socket layer_count"),
        *_all(c_uint32, "transport_sequence name_length"),
        ("name", c_uint8 * NAME),
        ("kinds", c_uint8 * 256),
        ("forms", c_int8 * 128),
        ("sent", DepartureRow * SENT),
        ("downtracks", c_void_p),
        *_all(c_int64, "again forgotten limited again_second again_of_second flooded"),
        *_all(c_double, "calm_from calm_to allowance heard_at checked_at"),
        *_all(c_int32, "downtrack_count detail_count ufrag_length password_length"),
        ("ufrag", c_uint8 * CREDENTIAL),
        ("password", c_uint8 * CREDENTIAL),
        ("details", DigestRow * DETAILS),
    ]


class DowntrackRow(Structure):
    """`struct rtc_downtrack`."""

    offset: int
    written: int
    latest: int
    spatial: int
    temporal: int
    temporal_now: int
    pair_now: int
    pair_before: int
    picture_offset: int
    last_picture: int
    last_zero: int
    last_timestamp: int
    timestamp_offset: int

    _fields_: ClassVar[Fields] = [
        *_all(c_void_p, "line_row layers history"),
        *_all(c_int64, "history_mask offset first_source rtx_sequence turned_at latest picture_offset zero_offset"),
        *_all(c_int64, "last_sequence written packets octets"),
        ("last_time", c_double),
        ("last_timestamp", c_uint32),
        *_all(c_int32, "last_picture last_zero"),
        *_all(c_uint32, "ssrc rtx_ssrc timestamp_offset turned_time"),
        *_all(c_int32, "wanted target current recent temporal temporal_now dropped_picture drop_count"),
        *_all(c_int32, "form source_form payload_type rtx_payload_type primary_type"),
        *_all(c_int32, "audio plain_extensions template_length time_at number_at spatial pair_now pair_before layer_count"),
        ("trailers", c_int32),
        ("held_until", c_double),
        ("drops", c_int64 * 4 * DROPS),
        ("row_ids", c_uint8 * KINDS),
        ("template", c_uint8 * TEMPLATE),
    ]


class LayerRow(Structure):
    """`struct rtc_layer`."""

    loudest: int
    loudness: int
    levels: int

    _fields_: ClassVar[Fields] = [
        *_all(c_void_p, "tracks ring ring_numbers ring_lengths kinds_row"),
        *_all(c_int64, "ring_mask base highest received octets"),
        *_all(c_double, "heard jitter transit fastest"),
        ("ssrc", c_uint32),
        *_all(c_int32, "clock_rate index track_count form audio open loudest loudness levels passed"),
    ]


def inbox(packet: type[PacketRow]) -> type[Structure]:
    """`struct rtc_inbox`, whose packets are of the class `packet`."""

    class Inbox(Structure):
        _fields_: ClassVar[Fields] = [
            ("slot", c_void_p * SLOTS),
            ("line", c_void_p * SLOTS),
            ("number", c_int64 * SLOTS),
            ("socket", c_int32 * SLOTS),
            ("length", c_int32 * SLOTS),
            ("name_length", c_int32 * SLOTS),
            ("name", c_uint8 * NAME * SLOTS),
            ("kind", c_uint8 * SLOTS),
            ("packet", packet * SLOTS),
            ("digest", DigestRow * SLOTS),
            *_all(c_int32, "count left reads eager patient others in_vain looks records"),
            *_all(c_double, "look_at looked_at pause record_pause"),
        ]

    return Inbox
