"""No page speaks half a language: every sentence that is shown has its French."""

from __future__ import annotations

import re

import pytest

from tests.pages.catalogue import french, sentences

PLACEHOLDER = re.compile(r"%\((\w+)\)[0-9]*[sd]|\{(\w+)\}")


def test_every_sentence_has_its_french() -> None:
    catalogue = french()
    missing = []
    for (context, sentence), files in sorted(sentences().items(), key=lambda item: item[0][1]):
        message = catalogue.get(sentence, context)
        said = [] if message is None else [message.string] if isinstance(message.string, str) else list(message.string)
        if message is None or message.fuzzy or not said or not all(said):
            missing.append(f"{sentence!r} in {', '.join(sorted(files))}")
    assert not missing, "Without French:\n" + "\n".join(missing)


def test_french_keeps_every_value_of_the_sentence() -> None:
    for message in french():
        if not message.id:
            continue
        wanted = _values(message.id if isinstance(message.id, str) else message.id[-1])
        last = message.string if isinstance(message.string, str) else message.string[-1]
        assert _values(last) == wanted, message.id


def test_no_french_is_kept_for_a_sentence_that_nobody_says() -> None:
    said = sentences()
    spare = [message.id for message in french() if message.id and (message.context, _singular(message.id)) not in said]
    assert not spare


@pytest.mark.parametrize("jargon", ["Oups", "…!", " !  "])
def test_french_is_free_of(jargon: str) -> None:
    assert not [message.id for message in french() if message.id and jargon in str(message.string)]


def _singular(identifier: str | tuple[str, ...] | list[str]) -> str:
    return identifier if isinstance(identifier, str) else identifier[0]


def _values(sentence: str) -> set[str]:
    return {first or second for first, second in PLACEHOLDER.findall(sentence)}
