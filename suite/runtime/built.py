"""What set-up builds for the browser, looked at by a run that may have been started without set-up."""

from __future__ import annotations

from suite.runtime.log import Log
from suite.runtime.refusal import Refusal
from suite.runtime.setup.pages import build_step, catalogues_step
from suite.runtime.setup.step import LOG, Obstacle

BUILD = "`make run` builds them, or `.venv/bin/python -m suite.runtime node npm run build`"


def bring_built_up_to_date(log: Log) -> None:
    """Compile what is said in other languages where it was not, and say where the pages are not those of `static/src`.

    Old pages may serve: files brought from elsewhere do not keep their times. Raises `Refusal` where there are none, or
    where a catalogue cannot be compiled: everybody would read English.
    """
    pages = build_step()
    if not pages.are_there():
        raise Refusal(f"The pages were never built: {BUILD}.")
    if pages.is_old():
        log.say(f"The pages in static/dist are older than their sources: {BUILD}.")
    languages = catalogues_step()
    if languages.is_old():
        log.say("Compiling the languages…")
        try:
            languages.action()
        except Obstacle as obstacle:
            raise Refusal(f"{str(obstacle).splitlines()[-1]} Why stands in {LOG}.") from obstacle
