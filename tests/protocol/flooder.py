"""A member's own process that sends as much as it can: real, authenticated packets of the picture that it publishes.

`python -m tests.protocol.flooder URL TOKEN SECONDS` prints how many it sent.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time

import aiohttp

from benchmarks.media import description
from benchmarks.media.endpoint import Endpoint
from benchmarks.media.loads import LOADS
from benchmarks.media.publisher import RTX_SSRC, SSRC, Publisher
from benchmarks.media.signalling import offer

AHEAD = 20_000  # packets that are made and protected before the first is sent
CHECK_SECONDS = 2.0


async def connected(url: str, token: str) -> Endpoint:
    """In the room, by WHIP."""
    endpoint = Endpoint()
    section = description.Section(direction="sendonly", mid="0", ssrc=SSRC, rtx_ssrc=RTX_SSRC)
    headers = {"content-type": "application/sdp", "authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/whip/v1", data=offer(endpoint, [section]), headers=headers) as answer,
    ):
        assert answer.status == 201, await answer.text()
        await endpoint.connect(description.parse(await answer.text()))
    return endpoint


def flood(endpoint: Endpoint, seconds: float) -> int:
    """Send for that long; how many packets left."""
    publisher = Publisher(endpoint, LOADS["plain"])
    end, checked, sent = time.monotonic() + seconds, 0.0, 0
    while time.monotonic() < end:
        packets = [endpoint.dtls._tx_srtp.protect(publisher.packet(begins=n % 8 == 0, ends=n % 8 == 7)) for n in range(AHEAD)]
        for packet in packets:
            if (now := time.monotonic()) - checked > CHECK_SECONDS:
                checked = now
                endpoint.check()
            try:
                endpoint.socket.send(packet)
                sent += 1
            except (BlockingIOError, ConnectionRefusedError):
                continue
    return sent


if __name__ == "__main__":
    url, token, seconds = sys.argv[1:]
    os.nice(10)  # a flood has a machine of its own: on this one it takes what the others leave
    print(flood(asyncio.run(connected(url, token)), float(seconds)))
