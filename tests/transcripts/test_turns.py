from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from suite.transcripts.engines.base import Segment, Span, SpeakerTurn, Word
from suite.transcripts.pipeline.merge import Track, merged
from suite.transcripts.pipeline.turns import Turn, one_at_a_time, turns_of


def said(text: str, start: float, *, pace: float = 0.3) -> Segment:
    """`text`, a word each `pace` seconds."""
    words = tuple(Word(start + n * pace, start + (n + 1) * pace, f" {word}", 0.9) for n, word in enumerate(text.split()))
    return Segment(start, words[-1].end, text, words, "fr")


def texts(turns: list[Turn]) -> list[tuple[int | None, str]]:
    return [(turn.voice, turn.text) for turn in turns]


def test_neighbouring_segments_are_one_turn() -> None:
    (turn,) = turns_of(speaker_key="a", segments=[said("Bonjour à tous.", 1.0), said("On commence ?", 2.5)])

    assert (turn.text, turn.start, turn.voice) == ("Bonjour à tous. On commence ?", 1.0, None)
    assert turn.end == pytest.approx(3.4)
    assert len(turn.words) == 6


def test_a_second_of_silence_begins_a_turn_even_within_a_segment() -> None:
    whole = Segment(1.0, 9.0, "Un deux", (Word(1.0, 1.4, " Un", 0.9), Word(8.6, 9.0, " deux", 0.9)))

    assert [(turn.start, turn.text) for turn in turns_of(speaker_key="a", segments=[whole])] == [(1.0, "Un"), (8.6, "deux")]


def test_a_long_speech_is_cut_where_a_sentence_ends() -> None:
    segments = [said("mot " * 9 + "fin.", number * 3.0) for number in range(50)]

    turns = turns_of(speaker_key="a", segments=segments)

    assert len(turns) > 1
    assert all(turn.text.endswith("fin.") and turn.end - turn.start < 65 for turn in turns)


def test_what_is_heard_in_silence_is_dropped() -> None:
    segments = [said("Oui, bien sûr.", 2.0), said("Merci.", 40.0)]

    assert texts(turns_of(speaker_key="a", segments=segments, speech=[Span(1.8, 3.2)])) == [(None, "Oui, bien sûr.")]
    assert turns_of(speaker_key="a", segments=segments, speech=[]) == []


@pytest.mark.parametrize(
    "credit",
    [
        "Sous-titres réalisés par la communauté d'Amara.org",
        "Sous-titrage ST' 501",
        "Thanks for watching!",
        "Sous-titrage Société Radio-Canada",
    ],
)
def test_film_credits_are_dropped(credit: str) -> None:
    assert turns_of(speaker_key="a", segments=[said(credit, 1.0)]) == []


def test_words_go_to_the_voice_that_speaks_and_voices_count_from_the_first_heard() -> None:
    voices = [SpeakerTurn(0, 2, 7), SpeakerTurn(2, 4, 3), SpeakerTurn(4, 6, 7)]
    segments = [said("un deux trois quatre cinq six sept huit neuf dix", 1.0)]

    turns = turns_of(speaker_key="salle", segments=segments, voices=voices)

    assert texts(turns) == [(1, "un deux trois"), (2, "quatre cinq six sept huit neuf dix")]


def test_who_begins_before_the_other_has_ended_keeps_the_first_words() -> None:
    voices = [SpeakerTurn(0, 4.5, 1), SpeakerTurn(4.0, 9, 2)]

    assert one_at_a_time(voices) == [SpeakerTurn(0, 4.0, 1), SpeakerTurn(4.0, 9, 2)]


def test_a_nod_inside_a_long_turn_takes_no_words() -> None:
    assert one_at_a_time([SpeakerTurn(0, 9, 1), SpeakerTurn(4, 4.5, 2)]) == [SpeakerTurn(0, 9, 1)]


def test_a_word_outside_every_voice_goes_to_the_nearest() -> None:
    voices = [SpeakerTurn(0, 1, 1), SpeakerTurn(5, 6, 2)]

    assert texts(turns_of(speaker_key="s", segments=[said("presque", 4.4)], voices=voices)) == [(1, "presque")]
    assert texts(turns_of(speaker_key="s", segments=[said("un", 0.2), said("presque", 4.4)], voices=voices)) == [
        (1, "un"),
        (2, "presque"),
    ]


def test_a_shared_microphone_without_a_voice_told_apart_has_one() -> None:
    assert texts(turns_of(speaker_key="s", segments=[said("allô", 1.0)], voices=[])) == [(1, "allô")]


def test_an_engine_without_word_times_still_gives_turns() -> None:
    segments = [Segment(1, 2, "Hello"), Segment(2.2, 3, "there")]
    voices = [SpeakerTurn(0, 2.1, 1), SpeakerTurn(2.1, 4, 2)]

    assert texts(turns_of(speaker_key="s", segments=segments, voices=voices)) == [(1, "Hello"), (2, "there")]


@given(some.lists(some.tuples(some.floats(0, 100), some.floats(0.01, 20), some.integers(1, 4)), max_size=40))
def test_one_at_a_time_covers_the_same_time_without_overlap(rows: list[tuple[float, float, int]]) -> None:
    turns = [SpeakerTurn(start, start + length, voice) for start, length, voice in rows]

    found = one_at_a_time(turns)

    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(
        any(turn.voice == one.voice and turn.start <= one.end and one.start <= turn.end for turn in turns) for one in found
    )
    edges = sorted({edge for turn in turns for edge in (turn.start, turn.end)})
    covered = sum(
        after - before for before, after in pairwise(edges) if any(t.start <= before and after <= t.end for t in turns)
    )
    assert sum(one.end - one.start for one in found) == pytest.approx(covered, abs=1e-6)


def test_tracks_meet_on_the_meeting_s_clock_and_overlap_stays() -> None:
    awa = turns_of(speaker_key="awa", segments=[said("Bonjour à toutes et à tous", 0.5)])
    bruno = turns_of(speaker_key="bruno", segments=[said("Salut", 0.0)])

    found = merged([Track(10.0, awa), Track(11.0, bruno)])

    assert [(turn.speaker_key, turn.start) for turn in found] == [("awa", 10.5), ("bruno", 11.0)]
    assert found[0].end > found[1].start
    assert found[0].words[0].start == 10.5
    assert found == merged([Track(11.0, bruno), Track(10.0, awa)])


def test_segments_survive_a_database_row() -> None:
    segment = said("Bonjour à tous.", 1.0)

    assert Segment.from_json(json.loads(json.dumps(segment.as_json()))) == segment
