from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.transcripts.engines.base import SAMPLE_RATE, EngineError, Sound, Span


class SileroVoiceActivity:
    """Silero's voice detector (MIT), with the ONNX weights that faster-whisper ships; one thread, no torch.

    `silence` and `padding` are seconds; the defaults keep the words' ends (measured against per-track references).
    """

    def __init__(self, *, threshold: float = 0.35, silence: float = 0.4, padding: float = 0.1) -> None:
        self.threshold = threshold
        self.silence = silence
        self.padding = padding

    def detect(self, sound: Sound) -> list[Span]:
        try:
            from faster_whisper.vad import VadOptions, get_speech_timestamps
        except (ImportError, OSError) as error:
            raise EngineError(_("Speech recognition is not installed here (SPEECH=0)."), permanent=False) from error
        options = VadOptions(
            threshold=self.threshold,
            min_silence_duration_ms=round(self.silence * 1000),
            speech_pad_ms=round(self.padding * 1000),
        )
        if not len(sound.samples):
            return []
        spans = get_speech_timestamps(sound.samples, options, sampling_rate=SAMPLE_RATE)
        return [Span(span["start"] / SAMPLE_RATE, span["end"] / SAMPLE_RATE) for span in spans]
