"""The egress process: listens for media workers, writes what they send, and finishes what a dead process has left."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final, Self

from suite.rtc.egress import wire
from suite.rtc.egress.destination import BadDestination, Destination, left_over
from suite.rtc.egress.frames import BadFilm
from suite.rtc.egress.recording import Recording
from suite.rtc.webhooks import WebhookSender

log = logging.getLogger(__name__)

PROGRESS: Final = 2.0  # s between two words to the worker
KEYFRAME_EVERY: Final = 1.0  # s between two requests for a keyframe
RECORDINGS_MOST: Final = 500


class EgressServer:
    """Writes recordings below `root` for who connects to the Unix socket at `path`."""

    def __init__(self, *, root: Path, webhooks: WebhookSender) -> None:
        """Use `start`."""
        self._root = root
        self._webhooks = webhooks
        self._server: asyncio.Server | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(cls, *, path: Path, root: Path, webhooks: WebhookSender) -> Self:
        """Listen, and finish what is left over. Raises `OSError` where the socket cannot be had; `root` is absolute."""
        self = cls(root=root, webhooks=webhooks)
        for note in left_over(root):
            self._keep(asyncio.get_running_loop().create_task(self._finish(note), name="left over"))
        self._server = await asyncio.start_unix_server(self._accept, path=path)
        return self

    async def close(self) -> None:
        """Stop listening and end every recording as it is."""
        if self._server is not None:
            self._server.close()
        for task in list(self._running.values()):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self, note: Path) -> None:
        try:
            destination = Destination.of_note(root=self._root, note=note)
            recording = Recording(root=self._root, webhooks=self._webhooks, note=destination.read_note())
        except (wire.BadFrame, BadDestination) as error:
            log.warning("A left-over recording cannot be finished: %s", error)
            return
        if recording.destination.path != destination.path:
            log.warning("A left-over note names another file than its own: %s", recording.egress_id)
            return
        await recording.finish_left_over()
        log.info("Finished the left-over recording %s", recording.egress_id)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._keep(asyncio.get_running_loop().create_task(self._serve(reader, writer), name="recording"))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recording = None
        try:
            recording = await self._begin(reader, writer)
            if recording is not None:
                await self._record(recording, reader, writer)
        except (wire.BadFrame, BadDestination, ConnectionError) as error:
            log.warning("A recording was refused: %s", error)
        finally:
            if recording is not None:
                self._running.pop(recording.egress_id, None)
            writer.close()

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Recording | None:
        kind, body = await wire.read(reader)
        if not kind:
            return None
        if kind != wire.START:
            raise wire.BadFrame("the first frame starts no recording")
        fields = wire.fields_of(body)
        if len(self._running) >= RECORDINGS_MOST or str(fields.get("egress_id")) in self._running:
            raise wire.BadFrame("too many recordings, or one of that name runs")
        recording = Recording(root=self._root, webhooks=self._webhooks, note=fields)
        try:
            recording.begin()
        except BadDestination as error:
            log.warning("Recording %s was refused: %s", recording.egress_id, error)
            writer.write(recording.progress())
            return None
        task = asyncio.current_task()
        if task is not None:
            self._running[recording.egress_id] = task
        return recording

    async def _record(self, recording: Recording, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        due, asked = loop.time(), 0.0
        details = ""
        try:
            while True:
                kind, body = await wire.read(reader)
                if kind == wire.STOP:
                    said = wire.fields_of(body)
                    details = str(said.get("reason", ""))
                    recording.error = details if said.get("failed") else ""
                    break
                if not kind:
                    details = "the media worker went away"
                    break
                recording.take(kind, body)
                if loop.time() >= due:
                    due = loop.time() + PROGRESS
                    writer.write(recording.progress())
                if recording.lacks_keyframe and loop.time() >= asked + KEYFRAME_EVERY:
                    asked = loop.time()
                    writer.write(wire.message(wire.KEYFRAME, {}))
        except asyncio.CancelledError:
            details = "the recorder was stopped"
        except (OSError, wire.BadFrame, BadDestination, BadFilm) as error:
            recording.error = f"the recording broke off: {error}"
        self._running.pop(recording.egress_id, None)  # from here on it ends by itself, also where the process is told to
        recording.close()
        if not writer.is_closing():
            writer.write(recording.progress())
        await recording.tell_end(details=details)
