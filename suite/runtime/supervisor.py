"""Keeps a set of parts running: starts them by stage, restarts what dies, stops all of it in reverse."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from suite.runtime.child import Child
from suite.runtime.health import ASK_EVERY_SECONDS
from suite.runtime.log import Log
from suite.runtime.parts import Part
from suite.runtime.refusal import Refusal

FIRST_BACK_OFF_SECONDS = 0.25
LONGEST_BACK_OFF_SECONDS = 30.0
LIVED_WELL_SECONDS = 60.0  # a part that lived this long starts anew without delay
DEATHS_AT_START = 3  # in a row, before its first readiness: then the start is given up
LAST_LINES = 15


@dataclass(kw_only=True)
class Kept:
    """One part and its present process."""

    part: Part
    state: str = "waiting"
    restarts: int = 0
    child: Child | None = None
    was_ready: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self.part.command.name


class Supervisor:
    """Start with `start`, ask for the end with `stop`; `state_file` always says what runs."""

    def __init__(self, *, log: Log, state_file: Path, url: str = "") -> None:
        self._log = log
        self._state_file = state_file
        self._url = url
        self._kept: list[Kept] = []
        self._stopping = False

    async def start(self, parts: Sequence[Part]) -> None:
        """Start `parts` at once and wait until each answers.

        Raises `Refusal` where one does not within its deadline, or dies `DEATHS_AT_START` times before it does.
        """
        fresh = [Kept(part=part) for part in parts]
        self._kept += fresh
        for kept in fresh:
            kept.task = asyncio.create_task(self._keep(kept))
        await asyncio.gather(*(self._await_first(kept) for kept in fresh))

    async def stop(self) -> None:
        """End every part, the last stage first; those of one stage at the same time."""
        self._stopping = True
        by_stage = sorted(self._kept, key=lambda kept: -kept.part.stage)
        for _stage, group in itertools.groupby(by_stage, key=lambda kept: kept.part.stage):
            await asyncio.gather(*(self._end(kept) for kept in group))
        self._write_state()

    def kill(self) -> None:
        """End every part without waiting for anything."""
        for kept in self._kept:
            if kept.child is not None:
                kept.child.kill()

    async def _await_first(self, kept: Kept) -> None:
        assert kept.task is not None
        ready = asyncio.create_task(kept.was_ready.wait())
        try:
            await asyncio.wait([ready, kept.task], timeout=kept.part.ready_seconds, return_when=asyncio.FIRST_COMPLETED)
            if kept.was_ready.is_set():
                return
            if kept.task.done():
                kept.task.result()
            raise Refusal(
                f"The process «{kept.name}» did not answer within {kept.part.ready_seconds:.0f} seconds: "
                f"its lines are in {self._log.path}."
            )
        finally:
            ready.cancel()

    async def _keep(self, kept: Kept) -> None:
        back_off = FIRST_BACK_OFF_SECONDS
        deaths = 0
        while not self._stopping:
            began = time.monotonic()
            try:
                end = _in_words(await self._live(kept))
            except Refusal as refusal:
                if not kept.was_ready.is_set():
                    raise
                end = str(refusal)
            if self._stopping:
                return
            deaths = deaths + 1 if not kept.was_ready.is_set() else 0
            if deaths >= DEATHS_AT_START:
                self._set(kept, "failed")
                raise Refusal(
                    f"The process «{kept.name}» ended {deaths} times as it started ({end}): its words are in {self._log.path}."
                )
            if time.monotonic() - began > LIVED_WELL_SECONDS:
                back_off = FIRST_BACK_OFF_SECONDS
            kept.restarts += 1
            self._set(kept, "restarting")
            self._log.say(f"The process «{kept.name}» ended ({end}); it starts again in {back_off:g} s.")
            await asyncio.sleep(back_off)
            back_off = min(back_off * 2, LONGEST_BACK_OFF_SECONDS)

    async def _live(self, kept: Kept) -> int:
        """One life of a part, from before its start to its end: the exit code."""
        name = kept.name
        if kept.part.before is not None:
            await kept.part.before()
        child = Child(command=kept.part.command, on_line=lambda line: self._log.line(name, line))
        try:
            await child.start()
        except OSError as error:
            raise Refusal(f"The process «{name}» cannot start: {error.strerror} ({error.filename}).") from error
        kept.child = child
        self._set(kept, "starting")
        waiting = asyncio.create_task(self._await_ready(kept))
        try:
            return await child.wait()
        finally:
            waiting.cancel()

    async def _await_ready(self, kept: Kept) -> None:
        probe, began = kept.part.ready, time.monotonic()
        warned = False
        while probe is not None and not await probe():
            await asyncio.sleep(ASK_EVERY_SECONDS)
            if kept.was_ready.is_set() and not warned and time.monotonic() - began > kept.part.ready_seconds:
                warned = True
                self._log.say(
                    f"The process «{kept.name}» does not answer {kept.part.ready_seconds:.0f} seconds after its restart."
                )
        if kept.restarts and kept.was_ready.is_set():
            self._log.say(f"The process «{kept.name}» is back.")
        kept.was_ready.set()
        self._set(kept, "ready")

    async def _end(self, kept: Kept) -> None:
        if kept.task is not None and (kept.child is None or kept.state in {"restarting", "waiting"}):
            kept.task.cancel()
        if kept.child is not None and kept.child.process.returncode is None and not await kept.child.stop():
            self._log.say(f"The process «{kept.name}» did not end within {kept.part.command.stop_seconds:g} s and was killed.")
        if kept.task is not None:
            await asyncio.gather(kept.task, return_exceptions=True)
        self._set(kept, "ended")

    def _set(self, kept: Kept, state: str) -> None:
        kept.state = state
        self._write_state()

    def _write_state(self) -> None:
        processes = [
            {"name": kept.name, "pid": kept.child.pid if kept.child else None, "state": kept.state, "restarts": kept.restarts}
            for kept in self._kept
        ]
        part = self._state_file.with_suffix(".part")
        try:
            part.write_text(json.dumps({"supervisor": os.getpid(), "url": self._url, "processes": processes}, indent=1))
            part.replace(self._state_file)
        except OSError as error:  # a full disk: the run goes on
            self._log.line("suite", f"The state could not be written: {error.strerror}.")


def _in_words(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
