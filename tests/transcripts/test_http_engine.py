from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from suite.transcripts.engines.base import EngineError, Segment, Word
from suite.transcripts.engines.config import SpeechConfig
from suite.transcripts.engines.registry import speech_to_text
from tests import sounds


@dataclass
class Engine:
    """A server of OpenAI's audio API that answers what a test says, and remembers what it was asked."""

    status: int = 200
    answer: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(engine: Engine) -> Iterator[Engine]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            mail = message_from_bytes(
                b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body, policy=HTTP
            )
            form: dict[str, Any] = {}
            for part in mail.iter_parts():
                form.setdefault(str(part.get_param("name", header="content-disposition")), []).append(
                    part.get_payload(decode=True)
                )
            engine.asked.append({"path": self.path, "authorization": self.headers.get("Authorization"), "form": form})
            answer = engine.answer if isinstance(engine.answer, bytes) else json.dumps(engine.answer).encode()
            self.send_response(engine.status)
            for name, value in engine.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        engine.url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield engine
        finally:
            server.shutdown()
            thread.join()


def config(url: str, *, timeout: float = 5.0) -> SpeechConfig:
    return SpeechConfig(
        models_folder=Path("unused"),
        speech_to_text="http",
        http_url=url,
        http_key="a-key",
        http_model="large-v2",
        http_timeouts=(timeout, timeout),
    )


def test_it_asks_as_the_api_wants_and_reads_words_beside_segments() -> None:
    answer = {
        "language": "french",
        "text": "Bonjour à tous. Merci.",
        "segments": [
            {"id": 1, "start": 2.0, "end": 2.5, "text": " Merci."},
            {"id": 0, "start": 0.0, "end": 1.2, "text": " Bonjour à tous."},
        ],
        "words": [
            {"word": "Bonjour", "start": 0.0, "end": 0.5},
            {"word": "à", "start": 0.5, "end": 0.6},
            {"word": "tous", "start": 0.6, "end": 1.2},
            {"word": "Merci", "start": 2.0, "end": 2.5},
        ],
    }
    with serving(Engine(answer=answer)) as engine:
        found = speech_to_text(config(engine.url)).transcribe(sounds.tone(3), language=None, prompt="Awa, Bruno")

    (asked,) = engine.asked
    form = asked["form"]
    assert asked["path"] == "/v1/audio/transcriptions"
    assert asked["authorization"] == "Bearer a-key"
    assert form["model"] == [b"large-v2"]
    assert form["response_format"] == [b"verbose_json"]
    assert form["timestamp_granularities[]"] == [b"segment", b"word"]
    assert form["prompt"] == [b"Awa, Bruno"]
    assert "language" not in form
    with wave.open(io.BytesIO(form["file"][0])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 48_000)
    assert [(each.text, each.start, each.language, len(each.words)) for each in found] == [
        ("Bonjour à tous.", 0.0, "fr", 3),
        ("Merci.", 2.0, "fr", 1),
    ]


def test_it_reads_words_inside_segments_and_holds_times_within_the_sound() -> None:
    words = [{"word": " Hi", "start": -1, "end": 0.4, "probability": 0.5}, {"word": " all", "start": 0.4, "end": 99}]
    with serving(Engine(answer={"segments": [{"start": -1, "end": 99, "text": "Hi all", "words": words}]})) as engine:
        found = speech_to_text(config(engine.url)).transcribe(sounds.tone(3), language="en", prompt=None)

    assert engine.asked[0]["form"]["language"] == [b"en"]
    assert found == [Segment(0.0, 3.0, "Hi all", (Word(0.0, 0.4, " Hi", 0.5), Word(0.4, 3.0, " all", 1.0)), "en")]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (400, True),
        (413, True),
        (422, True),
        (401, False),
        (404, False),
        (408, False),
        (429, False),
        (500, False),
        (503, False),
        (302, False),
    ],
)
def test_only_a_refusal_of_the_sound_is_for_good(status: int, *, permanent: bool) -> None:
    answering = Engine(status=status, answer={"error": "corrupted"}, headers={"Location": "/elsewhere"})
    with serving(answering) as engine, pytest.raises(EngineError) as refusal:
        speech_to_text(config(engine.url)).transcribe(sounds.tone(1), language=None, prompt=None)

    assert refusal.value.permanent is permanent
    assert len(engine.asked) == 1


@pytest.mark.parametrize(
    "answer", [b"not json", b"[]", b'{"segments": [{"start": "x"}]}', b'{"segments": 3}', b'{"segments": [null]}']
)
def test_an_answer_that_cannot_be_read_is_tried_again(answer: bytes) -> None:
    with serving(Engine(answer=answer)) as engine, pytest.raises(EngineError) as refusal:
        speech_to_text(config(engine.url)).transcribe(sounds.tone(1), language=None, prompt=None)

    assert not refusal.value.permanent


def test_nobody_listening_is_tried_again() -> None:
    with serving(Engine()) as engine:
        url = engine.url
    with pytest.raises(EngineError) as refusal:
        speech_to_text(config(url)).transcribe(sounds.tone(1), language=None, prompt=None)

    assert not refusal.value.permanent


def test_no_address_is_told() -> None:
    with pytest.raises(EngineError) as refusal:
        speech_to_text(config("")).transcribe(sounds.tone(1), language=None, prompt=None)

    assert "address" in refusal.value.sentence
