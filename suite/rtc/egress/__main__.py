"""`python -m suite.rtc.egress`: the process that writes recordings."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from suite.rtc.egress.server import EgressServer
from suite.rtc.webhooks import WebhookSender

log = logging.getLogger("suite.rtc.egress")


def arguments() -> argparse.Namespace:
    """The command line; the environment of the Suite fills what it leaves out."""
    parser = argparse.ArgumentParser(prog="python -m suite.rtc.egress", description="Writes recordings of single tracks.")
    parser.add_argument(
        "--socket", default=os.environ.get("RTC_EGRESS_SOCKET"), help="Unix socket to listen on (RTC_EGRESS_SOCKET)"
    )
    parser.add_argument("--root", default=os.environ.get("RTC_EGRESS_ROOT"), help="folder of recordings (RTC_EGRESS_ROOT)")
    parser.add_argument(
        "--webhook",
        action="append",
        default=None,
        help="URL that is told of recordings (LIVEKIT_WEBHOOK_URLS); signed with LIVEKIT_API_KEY and LIVEKIT_API_SECRET",
    )
    found = parser.parse_args()
    if not found.socket or not found.root:
        parser.error("--socket and --root are needed, or RTC_EGRESS_SOCKET and RTC_EGRESS_ROOT in the environment")
    if found.webhook is None:
        found.webhook = [url for url in os.environ.get("LIVEKIT_WEBHOOK_URLS", "").split(",") if url]
    if found.webhook and not os.environ.get("LIVEKIT_API_SECRET"):
        parser.error("LIVEKIT_API_KEY and LIVEKIT_API_SECRET sign webhooks: set both")
    return found


def prepare(*, path: Path, root: Path) -> Path:
    """Make the folders, and room for the socket; the root without links in it. Raises `OSError` where that cannot be."""
    for folder in (root, path.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    os.umask(0o077)  # the socket is the Suite's own
    return root.resolve()


async def serve(found: argparse.Namespace, *, root: Path) -> None:
    """Run until SIGTERM or SIGINT."""
    webhooks = WebhookSender(found.webhook, os.environ.get("LIVEKIT_API_KEY", ""), os.environ.get("LIVEKIT_API_SECRET", ""))
    server = await EgressServer.start(path=Path(found.socket), root=root, webhooks=webhooks)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    log.info("Recordings are written below %s", root)
    await stopped.wait()
    await server.close()
    await webhooks.close()


def main() -> int:
    """The process."""
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"), format="%(levelname)s %(name)s %(message)s")
    found = arguments()
    try:
        asyncio.run(serve(found, root=prepare(path=Path(found.socket), root=Path(found.root))))
    except OSError as error:
        sys.stderr.write(f"The egress process cannot start: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
