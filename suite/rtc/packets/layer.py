"""One stream that a publisher sends: its numbering, its losses, and its last packets, kept once for every subscriber."""

from __future__ import annotations

from typing import Final

from suite.rtc.core.media import Codec
from suite.rtc.packets import rtcp
from suite.rtc.packets.dependency import Dependencies

NTP_SECOND: Final = 1 << 32
MISSING_MOST: Final = 192  # packets asked for at once; a wider gap is an outage, and a keyframe mends it
NACK_TRIES: Final = 10
NACK_AFTER: Final = 0.06  # s between two requests for one packet, where the round trip is not known
GIVE_UP: Final = 1.5  # s after which a missing packet would come too late


class Layer:
    """Receiving state of one SSRC. Sequence numbers within are extended by their wraps, so that they only grow."""

    __slots__ = (
        "_expected_before", "_fastest", "_jitter", "_kept", "_kept_sequences", "_mask", "_received_before",
        "_transit", "base", "clock_rate", "codec", "dependencies", "form", "heard", "highest", "index", "keyframe_asked",
        "keyframe_due", "live", "missing", "octets", "outage", "rate", "received", "repair", "rid", "sender_arrival",
        "sender_ntp", "sender_timestamp", "spatial_octets", "spatial_rate", "ssrc", "started",
    )  # fmt: skip

    def __init__(self, *, index: int, rid: str, clock_rate: int, kept: int) -> None:
        """`kept` packets, a power of two, are held for those who ask again."""
        self.index = index
        self.rid = rid
        self.clock_rate = clock_rate
        self._mask = kept - 1
        self.codec: Codec | None = None
        self.form = 0
        self.heard = 0.0
        self.live = False
        self.keyframe_asked = -1.0
        self.keyframe_due = 0.0  # when to ask again for those who were told to wait; 0 where nobody waits
        self.octets = 0  # since the rate was last taken
        self.rate = 0.0  # bit/s
        self.spatial_octets = [0, 0, 0, 0]  # the same of each spatial layer within the stream
        self.spatial_rate = [0.0, 0.0, 0.0, 0.0]
        self.repair = 0  # the SSRC of its retransmissions
        self.restart(0)

    def restart(self, ssrc: int) -> None:
        """Begin again under another SSRC: what was counted of the old one says nothing of the new."""
        self.ssrc = ssrc
        self.started = False
        self._kept: list[bytes] = [b""] * (self._mask + 1)
        self._kept_sequences = [-1] * (self._mask + 1)
        self.base = self.highest = 0
        self.received = 0
        self.dependencies = Dependencies()
        self.outage = False  # more was lost than can be asked for: a keyframe is wanted
        self.missing: dict[int, tuple[int, float, float]] = {}  # sequence: tries, next request, first seen missing
        self._expected_before = self._received_before = 0
        self._jitter = self._transit = self._fastest = 0.0
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
            if self.highest - extended > self._mask or self._kept_sequences[extended & self._mask] == extended:
                return -1
            self.missing.pop(extended, None)
        self.received += 1
        self._pace(timestamp, now)
        return extended

    def _pace(self, timestamp: int, now: float) -> None:
        """Keep the jitter (RFC 3550, 6.4.1) and the fastest way that a packet has made."""
        transit = now * self.clock_rate - timestamp
        if abs(transit - self._fastest) > 10 * self.clock_rate:  # the first, or a clock that wrapped or was set
            self._fastest = transit
        # Relaxed by 10 us a packet, so that a slower clock than ours does not count as lateness for ever.
        self._fastest = min(self._fastest + self.clock_rate * 1e-5, transit)
        change = abs(transit - self._transit) % 0x100000000
        if change < self.clock_rate:  # anything wider is a wrapped or restarted timestamp
            self._jitter += (change - self._jitter) / 16
        self._transit = transit

    def lateness(self, timestamp: int, now: float) -> float:
        """How much longer than the fastest packet of this stream one that arrives now was under way, in s."""
        return max(0.0, now - (timestamp + self._fastest) / self.clock_rate)

    def _note_missing(self, extended: int, ahead: int, now: float) -> None:
        if ahead > MISSING_MOST:
            self.missing.clear()
            self.outage = True
            return
        for sequence in range(extended - ahead + 1, extended):
            self.missing[sequence] = (0, now, now)
        while len(self.missing) > MISSING_MOST:
            del self.missing[next(iter(self.missing))]

    def keep(self, extended: int, packet: bytes) -> None:
        """Hold a packet for those who ask for it again."""
        slot = extended & self._mask
        self._kept[slot] = packet
        self._kept_sequences[slot] = extended

    def kept(self, extended: int) -> bytes:
        """The packet of that number; empty where it never came or is forgotten."""
        slot = extended & self._mask
        return self._kept[slot] if self._kept_sequences[slot] == extended else b""

    def place(self, sequence: int) -> int:
        """The extended number of a 16-bit one near the highest seen."""
        ahead = (sequence - self.highest) & 0xFFFF
        return self.highest + (ahead if ahead < 0x8000 else ahead - 0x10000)

    def requests(self, now: float, round_trip: float) -> list[int]:
        """The sequence numbers to ask for again now, in rising order."""
        due = []
        for sequence, (tries, when, since) in list(self.missing.items()):
            if tries >= NACK_TRIES or now - since > GIVE_UP or self.highest - sequence > self._mask:
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
        block = (self.ssrc, fraction, expected - self.received, highest, int(self._jitter) & 0xFFFFFFFF, last, delay)
        return block, max(0, interval), max(0, lost)

    def spatial_rates(self, passed: float) -> dict[int, int]:
        """Bit/s of each spatial layer with those below, smoothed over some calls; `passed` s since the last."""
        found, total = {}, 0.0
        for index in range(min(self.dependencies.spatial_layers, len(self.spatial_octets))):
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
