"""`python -m tests.protocol.numbers URL TOKEN COUNT one|two`: a Python SDK client that writes numbers and says which it reads.

It begins when somebody says "go", and says `read WHO NUMBER` for each that comes.
"""

from __future__ import annotations

import asyncio
import sys

from livekit import rtc

PAUSE = 0.05  # s between two numbers


def say(line: str) -> None:
    """One write for the whole line: the SDK writes what it logs into the same file."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def write(url: str, token: str, count: int, *, single: bool) -> None:
    room, begun = rtc.Room(), asyncio.Event()

    def read(packet: rtc.DataPacket) -> None:
        text = bytes(packet.data).decode()
        if text == "go":
            begun.set()
        else:
            say(f"read {packet.participant.identity if packet.participant else '?'} {text}")

    room.on("data_received", read)
    for event in ("reconnecting", "reconnected", "disconnected"):
        room.on(event, lambda *_, event=event: say(event))
    await room.connect(url, token, rtc.RoomOptions(single_peer_connection=single))
    say("connected")
    await begun.wait()
    for number in range(count):
        await room.local_participant.publish_data(str(number), reliable=True)
        await asyncio.sleep(PAUSE)
    say("written")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], sys.argv[2], int(sys.argv[3]), single=sys.argv[4] == "one"))
