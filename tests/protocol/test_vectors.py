"""What a LiveKit server answered to stock clients, ours answers: recordings played again, compared fact by fact."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import playwright
import pytest

from tests.protocol.conftest import ROOT, free_port, running_server
from tests.protocol.vectors import compare

HERE = Path(__file__).with_name("vectors")
DRIVER = Path(playwright.__file__).parent / "driver"
CLIENT = ROOT / "node_modules" / "livekit-client" / "dist"
CHROMIUM = Path("/usr/bin/chromium")
EVERYTHING = os.environ.get("VECTORS") == "all"
# What CI plays, in under four minutes; `VECTORS=all` plays every recording.
CHOSEN = {
    "v1": """meeting mute_and_unpublish data publish_not_allowed subscribe_not_allowed server_changes own_metadata refused_joins
        room_service_errors same_identity_twice""",
    "v0": "meeting",
    "python-v1": "meeting room_service streams_and_rpc data_tracks",
    "python-v0": "meeting data_tracks",
}
DEADLINE = 180.0  # seconds for one scenario


def recordings(*folders: str) -> list[str]:
    found = sorted(path for folder in folders for path in (HERE / "livekit" / folder).glob("*.jsonl.xz"))
    names = [f"{path.parent.name}/{path.name.removesuffix('.jsonl.xz')}" for path in found]
    return [name for name in names if EVERYTHING or name.split("/")[1] in CHOSEN[name.split("/")[0]].split()]


@dataclass
class Player:
    """A server, and the recorder between it and the clients."""

    url: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "REC": self.url, "OUT": str(self.folder)}

    async def browsers(self, mode: str, scenario: str) -> None:
        """Chromium's scenarios: Playwright's own Node runs them, beside Playwright's own package."""
        stage = self.folder / "stage"
        if not stage.exists():
            shutil.copytree(HERE / "drive", stage)
            (stage / "node_modules").mkdir()
            (stage / "node_modules" / "playwright-core").symlink_to(DRIVER / "package")
        environment = {**self.environment, "MODES": mode, "ONLY": scenario, "CHROMIUM": str(CHROMIUM)}
        await self._run(str(DRIVER / "node"), str(stage / "browser.mjs"), environment=environment)

    async def sdk(self, mode: str, scenario: str) -> None:
        environment = {**self.environment, "MODES": mode, "ONLY": scenario}
        await self._run(sys.executable, str(HERE / "drive" / "sdk.py"), environment=environment)

    async def _run(self, *command: str, environment: dict[str, str]) -> None:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True
        )
        try:
            said, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, said.decode()
        assert b"FAILED" not in said, said.decode()

    def missing(self, name: str) -> list[tuple[str, str]]:
        """The facts that ours lacks and is not meant to lack."""
        accepted = tomllib.loads((HERE / "accepted.toml").read_text())["accepted"]
        meant = {entry["fact"] for entry in accepted if entry["where"] in {name, "*"}}
        lacking = compare.missing(HERE / "livekit" / f"{name}.jsonl.xz", self.folder / f"{name}.jsonl")
        return [(step, fact) for step, fact in lacking if fact not in meant]


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    """One server for all: each scenario has a room of its own."""
    folder, port = tmp_path_factory.mktemp("vectors"), free_port()
    url = f"http://127.0.0.1:{port}"
    times = ("--empty-timeout", "20", "--departure-timeout", "3")
    with running_server(folder, "--webhook-url", f"{url}/webhook-sink", *times) as server:
        command = [sys.executable, str(HERE / "drive" / "record.py"), str(port), str(server.port)]
        recorder = subprocess.Popen(command, env={**os.environ, "LIVEKIT_CLIENT": str(CLIENT)})
        try:
            end = time.monotonic() + 20
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/page.html"):
                    break
                assert time.monotonic() < end, "the recorder did not start"
                time.sleep(0.05)
            yield Player(url, folder)
        finally:
            recorder.terminate()
            recorder.wait(10)


@pytest.mark.journey
@pytest.mark.skipif(not CHROMIUM.exists() or not CLIENT.exists(), reason="needs Debian's chromium and npm's packages")
@pytest.mark.parametrize("name", recordings("v1", "v0"))
async def test_browsers_see_what_they_saw_at_livekits(player: Player, name: str) -> None:
    mode, scenario = name.split("/")
    await player.browsers(mode, scenario)
    assert player.missing(name) == []


@pytest.mark.slow
@pytest.mark.xdist_group("vectors")
@pytest.mark.parametrize("name", recordings("python-v1", "python-v0"))
async def test_the_sdk_sees_what_it_saw_at_livekits(player: Player, name: str) -> None:
    mode, scenario = name.split("/")
    await player.sdk(mode, scenario)
    assert player.missing(name) == []
