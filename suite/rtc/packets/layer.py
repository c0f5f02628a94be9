"""One stream that a publisher sends: its numbering, its losses, and its last packets, kept once for every subscriber."""

from __future__ import annotations

from array import array
from ctypes import addressof, c_uint8
from mmap import mmap
from typing import Final

from suite.rtc.core.media import Codec
from suite.rtc.kernel.rows import STRIDE, LayerRow
from suite.rtc.packets import rtcp
from suite.rtc.packets.dependency import Dependencies
from suite.rtc.packets.rtp import DEPENDENCY, Packet

NTP_SECOND: Final = 1 << 32
MISSING_MOST: Final = 192  # packets asked for at once; a wider gap is an outage, and a keyframe mends it
NACK_TRIES: Final = 10
NACK_AFTER: Final = 0.06  # s between two requests for one packet, where the round trip is not known
GIVE_UP: Final = 1.5  # s after which a missing packet would come too late
OVERTAKEN_MOST: Final = 64  # packets that may come before the first of a keyframe
CLOSED: Final = -1  # of `open`


class Layer(LayerRow):
    """Receiving state of one SSRC. Sequence numbers within are extended by their wraps, so that they only grow.

    The compiled kernel takes packets that come in their order by the same row (`suite/rtc/kernel/layer.c`):

    | fields | what they say |
    | --- | --- |
    | highest, base, received, octets | the latest number and the first; packets so far; bytes since the rate was taken |
    | heard | when the last packet came |
    | ring_mask | how many packets are held for those who ask again, less one |
    | open | the payload type whose packets the kernel takes, `CLOSED` where all are for Python |
    | loudest, loudness, levels | of sound, since it was last told: the loudest, the sum, and how many packets said it |
    | transit, fastest, jitter | in units of the clock: of the last packet, of the fastest, and their spread |
    """

    def __init__(self, *, index: int, rid: str, clock_rate: int, kept: int, audio: bool = False) -> None:
        """`kept` packets, a power of two, are held for those who ask again."""
        super().__init__()
        self.index = index
        self.rid = rid
        self.clock_rate = clock_rate
        self.audio = audio
        self.ring_mask = kept - 1
        self.codec: Codec | None = None
        self.live = False
        self.keyframe_asked = -1.0
        self.keyframe_due = 0.0  # when to ask again for those who were told to wait; 0 where nobody waits
        self.rate = 0.0  # bit/s
        self.spatial_octets = [0, 0, 0, 0]  # bytes of each spatial layer within the stream, since the rate was taken
        self.spatial_rate = [0.0, 0.0, 0.0, 0.0]
        self.repair = 0  # the SSRC of its retransmissions
        self.restart(0)

    def restart(self, ssrc: int) -> None:
        """Begin again under another SSRC: what was counted of the old one says nothing of the new."""
        self.open = CLOSED
        self.ssrc = ssrc
        self.started = False
        self._ring: memoryview | None = None  # made with the first packet
        self._numbers = array("q", [-1]) * (self.ring_mask + 1)
        self._lengths = array("H", [0]) * (self.ring_mask + 1)
        self.ring_numbers, self.ring_lengths = self._numbers.buffer_info()[0], self._lengths.buffer_info()[0]
        self.base = self.highest = 0
        self.received = 0
        self.dependencies = Dependencies()
        self.described = 0  # spatial layers by VP9's payload descriptors, where those alone tell
        self.outage = False  # more was lost than can be asked for: a keyframe is wanted
        self.missing: dict[int, tuple[int, float, float]] = {}  # sequence: tries, next request, first seen missing
        self._expected_before = self._received_before = 0
        self.jitter = self.transit = self.fastest = 0.0
        self.passed = -1
        self.sender_ntp = self.sender_timestamp = 0
        self.sender_arrival = -1.0

    def accept(self, sequence: int, timestamp: int, now: float) -> int:
        """The extended sequence number of a packet that has arrived, or -1 where it came before or is too old to place."""
        if not self.started:
            self.started = True
            # One turn is left below, for packets that overtook each other at the very beginning.
            self.base = self.highest = 0x10000 + sequence
            self.received = 1
            self._pace(timestamp, now)
            return self.highest
        ahead = (sequence - self.highest) & 0xFFFF
        if ahead == 0:
            return -1
        if ahead < 0x8000:
            extended = self.highest + ahead
            if ahead > 1:
                self._note_missing(extended, ahead, now)
            self.highest = extended
        else:
            extended = self.highest - (0x10000 - ahead)
            if self.highest - extended > self.ring_mask or self._numbers[extended & self.ring_mask] == extended:
                return -1
            self.missing.pop(extended, None)
        self.received += 1
        self._pace(timestamp, now)
        return extended

    def _pace(self, timestamp: int, now: float) -> None:
        """Keep the jitter (RFC 3550, 6.4.1) and the fastest way that a packet has made."""
        rate = self.clock_rate
        transit = now * rate - timestamp
        fastest = self.fastest
        if abs(transit - fastest) > 10 * rate:  # the first, or a clock that wrapped or was set
            fastest = transit
        # Relaxed by 10 us a packet, so that a slower clock than ours does not count as lateness for ever.
        self.fastest = min(fastest + rate * 1e-5, transit)
        change = abs(transit - self.transit) % 0x100000000
        if change < rate:  # anything wider is a wrapped or restarted timestamp
            self.jitter += (change - self.jitter) / 16
        self.transit = transit

    def lateness(self, timestamp: int, now: float) -> float:
        """How much longer than the fastest packet of this stream one that arrives now was under way, in s."""
        return max(0.0, now - (timestamp + self.fastest) / self.clock_rate)

    def _note_missing(self, extended: int, ahead: int, now: float) -> None:
        if ahead > MISSING_MOST:
            self.missing.clear()
            self.outage = True
            return
        for sequence in range(extended - ahead + 1, extended):
            self.missing[sequence] = (0, now, now)
        while len(self.missing) > MISSING_MOST:
            del self.missing[next(iter(self.missing))]

    def keep(self, extended: int, packet: bytes | memoryview) -> None:
        """Hold a packet for those who ask for it again; one that is too long to be forwarded is not."""
        length = len(packet)
        if length > STRIDE:
            return
        ring = self._ring
        if ring is None:
            # From the system, which gives memory when it is first touched: most rings are never filled.
            memory = mmap(-1, STRIDE * (self.ring_mask + 1))
            self._ring = ring = memoryview(memory)
            self.ring = addressof(c_uint8.from_buffer(memory))
        slot = extended & self.ring_mask
        at = slot * STRIDE
        ring[at : at + length] = packet
        self._lengths[slot] = length
        self._numbers[slot] = extended

    def kept(self, extended: int) -> bytes:
        """The packet of that number; empty where it never came or is forgotten."""
        slot = extended & self.ring_mask
        if self._ring is None or self._numbers[slot] != extended:
            return b""
        at = slot * STRIDE
        return bytes(self._ring[at : at + self._lengths[slot]])

    def overtakers(self, packet: Packet, extended: int) -> list[tuple[int, bytes]] | None:
        """What came before a late keyframe's first packet though it follows it; None where that is more than its picture."""
        found = []
        timestamp = packet.timestamp.to_bytes(4, "big")
        if packet.layered or self.highest - extended > OVERTAKEN_MOST:
            return None
        for number in range(extended + 1, self.highest + 1):
            data = self.kept(number)
            if data and data[4:8] != timestamp:
                return None
            if data:
                found.append((number, data))
        return found

    def hear(self, level: int) -> None:
        """Note a packet's level: 127 loudest, 0 silence (RFC 6464 turned round)."""
        self.loudest = max(self.loudest, level)
        self.loudness += level
        self.levels += 1

    def loudness_taken(self) -> tuple[int, float] | None:
        """The loudest level and the mean of those since this was last asked; None where no packet said one."""
        if not self.levels:
            return None
        found = self.loudest, self.loudness / self.levels
        self.loudest = self.loudness = self.levels = 0
        return found

    def place(self, sequence: int) -> int:
        """The extended number of a 16-bit one near the highest seen."""
        ahead = (sequence - self.highest) & 0xFFFF
        return self.highest + (ahead if ahead < 0x8000 else ahead - 0x10000)

    def requests(self, now: float, round_trip: float) -> list[int]:
        """The sequence numbers to ask for again now, in rising order."""
        due = []
        for sequence, (tries, when, since) in list(self.missing.items()):
            if tries >= NACK_TRIES or now - since > GIVE_UP or self.highest - sequence > self.ring_mask:
                del self.missing[sequence]
            elif when <= now:
                due.append(sequence & 0xFFFF)
                self.missing[sequence] = (tries + 1, now + max(NACK_AFTER / 2, round_trip or NACK_AFTER), since)
        return due

    def sender_report(self, ntp: int, timestamp: int, now: float) -> None:
        """Keep how the publisher's clock and its timestamps belong together."""
        self.sender_ntp = ntp
        self.sender_timestamp = timestamp
        self.sender_arrival = now

    def report(self, now: float) -> tuple[tuple[int, int, int, int, int, int, int], int, int]:
        """A reception report block, and how many packets were expected and lost since the last one."""
        expected = self.highest - self.base + 1
        interval = expected - self._expected_before
        lost = interval - (self.received - self._received_before)
        self._expected_before = expected
        self._received_before = self.received
        fraction = max(0, min(255, (lost << 8) // interval)) if interval > 0 else 0
        last, delay = 0, 0
        if self.sender_arrival >= 0:
            last = (self.sender_ntp >> 16) & 0xFFFFFFFF
            delay = int((now - self.sender_arrival) * 65536) & 0xFFFFFFFF
        highest = (self.highest - 0x10000) & 0xFFFFFFFF
        block = (self.ssrc, fraction, expected - self.received, highest, int(self.jitter) & 0xFFFFFFFF, last, delay)
        return block, max(0, interval), max(0, lost)

    def describe(self, packet: Packet) -> bool:
        """Note what the packet's frame is to the layers of the stream; whether one of them has ended."""
        if packet.layered:
            self.described = max(self.described, packet.spatial + 1)
            self.spatial_octets[packet.spatial] += packet.length
            return False
        before = self.dependencies.spatial_layers
        found = self.dependencies.read(packet.value(DEPENDENCY))
        if found is None:
            return False
        packet.layered = True
        spatial, (packet.present, packet.switches, packet.tops) = found
        if spatial < len(self.spatial_octets):
            self.spatial_octets[spatial] += packet.length
        return self.dependencies.spatial_layers < before

    @property
    def spatial_layers(self) -> int:
        """How many spatial layers the stream has at present."""
        return max(self.dependencies.spatial_layers, self.described)

    def spatial_rates(self, passed: float) -> dict[int, int]:
        """Bit/s of each spatial layer with those below, smoothed over some calls; `passed` s since the last."""
        found, total = {}, 0.0
        if self.described:
            self.described = max((n + 1 for n, octets in enumerate(self.spatial_octets) if octets), default=self.described)
        for index in range(min(self.spatial_layers, len(self.spatial_octets))):
            rate = 8 * self.spatial_octets[index] / max(passed, 0.5)
            before = self.spatial_rate[index]
            self.spatial_rate[index] = rate if not before else before + 0.4 * (rate - before)
            total += self.spatial_rate[index]
            found[index] = int(total)
        self.spatial_octets = [0, 0, 0, 0]
        return found

    def timestamp_shift(self, other: Layer) -> int | None:
        """What to add to a timestamp of `other` for the same instant in this layer's; None before both sent reports."""
        if self.sender_arrival < 0 or other.sender_arrival < 0:
            return None
        between = (other.sender_ntp - self.sender_ntp) * self.clock_rate
        return self.sender_timestamp - other.sender_timestamp + round(between / NTP_SECOND)

    def may_ask_keyframe(self, now: float, *, every: float) -> bool:
        """Whether `every` seconds have passed since a keyframe was asked for; where not, the request is due when they have."""
        due = self.keyframe_asked + every
        if now >= due:
            return True
        self.keyframe_due = min(self.keyframe_due or due, due)
        return False

    def keyframe_request(self, sender: int, now: float) -> bytes:
        """A request as RTCP; it stands for all that were due."""
        self.keyframe_asked = now
        self.keyframe_due = 0.0
        return rtcp.picture_loss(sender, self.ssrc)
