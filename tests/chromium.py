"""Chromium for page tests: signed-in pages whose console must stay clean, and axe.

Playwright's synchronous API holds an event loop in the test's thread, where Django refuses database calls: `in_database`
makes them in another.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from suite.runtime.folders import ROOT
from tests.web import Web

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
DESK, TELEPHONE = (1280, 800), (390, 844)
EXPECTED = ("net::ERR_", "WebSocket connection to")  # of a killed server, whatever it was about
PATIENCE = 30_000  # ms: longer than a busy machine takes
expect.set_options(timeout=PATIENCE)
T = TypeVar("T")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; fails with what to do where it, or the built front end, is missing."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is missing: install Debian's package `chromium`, or run `make test`, which does.")
    if not (ROOT / "static" / "dist" / ".vite" / "manifest.json").exists():
        pytest.fail("The front end is not built: run `make test`, which builds it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Complaints(list[str]):
    """What pages said on the console in error, and what they threw."""

    def watch(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.append(f"thrown: {error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(known in message.text for known in EXPECTED):
            self.append(message.text)


def signed_in(
    browser: Browser, web: Web, session_key: str, complaints: Complaints, size: tuple[int, int] = DESK, locale: str = "fr-FR"
) -> Page:
    """A page of a browser signed in as `session_key`'s person."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale=locale, base_url=web.address, has_touch=size == TELEPHONE
    )
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_key, "url": web.address}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    complaints.watch(page)
    return page


WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}


def violations(page: Page, rules: dict[str, Any] = WCAG) -> list[str]:
    """What axe finds against WCAG 2.2 AA, or the rules of it that are given, one line each."""
    page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("(rules) => axe.run(document, rules)", rules)["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def in_database(call: Callable[[], T]) -> T:
    """`call()`, where Django lets it reach the database."""

    def run() -> T:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(run).result()
