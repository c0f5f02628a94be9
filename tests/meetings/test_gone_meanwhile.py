"""Calls for somebody who goes before they arrive, against a media server of the tests' own."""

from __future__ import annotations

import uuid

import pytest

from suite.meetings import media
from tests.protocol.conftest import DEV_KEY, DEV_SECRET, running_server

pytestmark = pytest.mark.slow


def test_muting_somebody_who_goes_meanwhile_is_no_error(
    tmp_path_factory: pytest.TempPathFactory, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "microphones_of", lambda **_who: ["TR_gone"])
    with running_server(tmp_path_factory.mktemp("media")) as server:
        settings.LIVEKIT_API_URL, settings.LIVEKIT_API_KEY, settings.LIVEKIT_API_SECRET = server.http, DEV_KEY, DEV_SECRET
        media.microphone_mute(meeting_id=uuid.uuid4(), participation_id=uuid.uuid4())
