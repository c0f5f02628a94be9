"""Pictures of every codec are put together from their packets and written: a player sees what was sent, at its time."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suite.rtc.egress.assembly import LARGEST, PATIENCE, Assembly, Piece
from suite.rtc.egress.film import Film, length
from suite.rtc.egress.frames import FORMS, Malformed
from tests.rtc.egress.pictures import ENCODERS, HEIGHT, RATE, STEP, WIDTH, encoded, packets

FRAME = 1_000_000_000 // RATE  # ns
FORMATS = {"video/h264": "mp4", "video/h265": "mp4", "video/av1": "webm", "video/vp8": "webm", "video/vp9": "webm"}
pytestmark = [pytest.mark.slow, pytest.mark.patient, pytest.mark.parametrize("mime", sorted(ENCODERS))]


def pieces(mime: str, frames: Sequence[bytes], *, source: int = 1, since: int = 0) -> list[list[Piece]]:
    """The packets of each frame; the timestamp wraps on its way."""
    found: list[list[Piece]] = []
    sequence = 65_530
    for number, frame in enumerate(frames):
        payloads = packets(mime, frame)
        when, timestamp = since + number * FRAME, (0xFFFFFFFF - 5 * STEP + number * STEP) & 0xFFFFFFFF
        last = len(payloads) - 1
        found.append([Piece(when, source, sequence + i, timestamp, i == last, one) for i, one in enumerate(payloads)])
        sequence += len(payloads)
    return found


def written(path: Path, mime: str, sent: Sequence[Piece]) -> tuple[Film, Assembly]:
    assembly = Assembly(FORMS[mime])
    with path.open("w+b") as target:
        film = Film(target, mime)
        for piece in sent:
            for frame in assembly.add(piece):
                film.write(frame)
        film.close()
    return film, assembly


def seen(path: Path) -> list[float]:
    """When each frame that a player decodes is shown, in s."""
    with av.open(str(path)) as found:
        assert found.streams.video[0].width == WIDTH
        assert found.streams.video[0].height == HEIGHT
        return [frame.time for frame in found.decode(video=0)]


def test_a_player_sees_each_frame_at_its_time(mime: str, tmp_path: Path) -> None:
    frames = encoded(mime, frames=40, every=15)
    late = [piece for frame in pieces(mime, frames) for piece in frame]
    chance = random.Random(3)
    for at in range(2, len(late) - 2, 7):  # out of order, and twice
        late[at], late[at + 1] = late[at + 1], late[at]
        late.insert(at + chance.randrange(2), late[at])
    film, _ = written(tmp_path / "film", mime, late)
    times = seen(tmp_path / "film")
    assert len(times) == len(frames) == 40
    assert all(abs(when - number / RATE) < 0.002 for number, when in enumerate(times))
    assert abs(film.duration - 40 * FRAME) < 1_000_000
    with av.open(str(tmp_path / "film")) as found:
        assert FORMATS[mime] in found.format.name


def test_after_a_loss_it_goes_on_with_a_keyframe(mime: str, tmp_path: Path) -> None:
    frames = encoded(mime, frames=60, every=20)
    form, sent = FORMS[mime], pieces(mime, frames)
    keys = [number for number, one in enumerate(sent) if form.is_key(form.join([piece.payload for piece in one]))]
    assert keys == [0, 20, 40]
    del sent[5][0]
    _, assembly = written(tmp_path / "film", mime, [piece for frame in sent for piece in frame])
    assert not assembly.lacks_keyframe
    times = seen(tmp_path / "film")
    assert [round(when * RATE) for when in times] == [*range(5), *range(20, 60)]


def test_it_says_that_a_keyframe_is_lacking(mime: str) -> None:
    frames = encoded(mime, frames=40, every=100)
    sent = pieces(mime, frames)
    assembly = Assembly(FORMS[mime])
    assert [frame for piece in sent[1] for frame in assembly.add(piece)] == []
    assert assembly.lacks_keyframe
    other = pieces(mime, frames, source=2, since=2 * FRAME)
    found = [frame for one in other[:4] for piece in one for frame in assembly.add(piece)]
    assert len(found) == 4
    assert not assembly.lacks_keyframe
    for one in other[5:]:  # the fifth frame never comes
        for piece in one:
            assembly.add(piece)
    assert assembly.lacks_keyframe
    assert (len(other) - 5) * FRAME > PATIENCE


def test_padding_leaves_no_gap(mime: str, tmp_path: Path) -> None:
    sent: list[Piece] = []
    for frame in pieces(mime, encoded(mime, frames=20, every=20)):
        for piece in frame:
            sequence = piece.sequence + len(sent) - (piece.sequence - 65_530)
            sent.append(replace(piece, sequence=sequence))
            sent.append(replace(piece, sequence=sequence + 1, payload=b"", ends=False))
    written(tmp_path / "film", mime, sent)
    assert len(seen(tmp_path / "film")) == 20


def test_what_has_no_end_is_given_up(mime: str, tmp_path: Path) -> None:
    frames = encoded(mime, frames=10, every=10)
    first = pieces(mime, frames)[0]
    assembly = Assembly(FORMS[mime])
    assert len([frame for piece in first for frame in assembly.add(piece)]) == 1
    flood = replace(first[-1], ends=False, timestamp=7, payload=packets(mime, frames[0])[-1][:1] + bytes(60_000))
    for number in range(1, 2 * LARGEST // 60_000):
        assembly.add(replace(flood, sequence=first[-1].sequence + number))
        assert assembly._size <= LARGEST + 60_000
    assert assembly.lacks_keyframe


def test_another_stream_goes_on_where_the_first_ended(mime: str, tmp_path: Path) -> None:
    frames = encoded(mime, frames=10, every=10)
    sent = pieces(mime, frames) + pieces(mime, frames, source=2, since=12 * FRAME)
    written(tmp_path / "film", mime, [piece for frame in sent for piece in frame])
    times = seen(tmp_path / "film")
    assert [round(when * RATE) for when in times] == [*range(10), *range(12, 22)]


def test_what_a_dead_writer_leaves_can_be_played(mime: str, tmp_path: Path) -> None:
    frames = encoded(mime, frames=100, every=30)
    assembly, target = Assembly(FORMS[mime]), (tmp_path / "film").open("w+b")
    film = Film(target, mime)
    for piece in [piece for frame in pieces(mime, frames) for piece in frame]:
        for frame in assembly.add(piece):
            film.write(frame)
    target.flush()
    left = (tmp_path / "film").read_bytes()[:-7]  # it died while it wrote
    (tmp_path / "left").write_bytes(left)
    with (tmp_path / "left").open("r+b") as found:
        assert 1.5e9 < length(found) <= 100 * FRAME
    assert len(seen(tmp_path / "left")) > 45
    film.close()
    target.close()


@given(payloads=st.lists(st.binary(max_size=40), min_size=1, max_size=6))
def test_garbage_is_read_or_refused(mime: str, payloads: list[bytes]) -> None:
    form = FORMS[mime]
    with contextlib.suppress(Malformed, IndexError):
        form.is_key(form.join(payloads))
    assembly = Assembly(form)
    for number, payload in enumerate(payloads):
        assembly.add(Piece(number, 1, number, 0, number % 2 == 1, payload))
