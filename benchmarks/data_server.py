"""A media worker for `benchmarks.data`: the real one, or the same with aiortc's SCTP in the place of ours."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport
from OpenSSL import SSL

from suite.rtc import worker
from suite.rtc.core.media import Channel
from suite.rtc.transport import association
from suite.rtc.transport.records import Records, RecordsClosed


class AiortcChannels:
    """aiortc's SCTP over the same record layer, with the surface of `suite.rtc.transport.channels.DataChannels`."""

    state = "connected"
    _role = "server"

    def __init__(
        self,
        connection: SSL.Connection,
        *,
        send: Callable[[bytes], None],
        opened: Callable[[str], None],
        received: Callable[[str, bytes], None],
        failed: Callable[[str], None],
        **_: Any,
    ) -> None:
        self._records = Records(connection, send=send)
        self._told_open, self._told_message, self._failed = opened, received, failed
        self._by_label: dict[str, RTCDataChannel] = {}
        self._receiver: Any = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sctp = RTCSctpTransport(self)
        self._sctp.mid = "data"
        self._sctp.on("datachannel", self._adopt)

    def create(self, channel: Channel) -> None:
        wanted = RTCDataChannelParameters(label=channel.label, ordered=channel.ordered, maxRetransmits=channel.max_retransmits)
        made = RTCDataChannel(self._sctp, wanted)
        made.on("open", lambda: self._told_open(channel.label))
        self._adopt(made)

    def start(self, *, port: int, max_message_size: int) -> None:
        self._go(self._sctp.start(RTCSctpCapabilities(maxMessageSize=max_message_size), port))

    def record(self, datagram: bytes) -> None:
        try:
            packets = self._records.opened(datagram)
        except RecordsClosed:
            self._failed("closed by the peer")
            return
        for packet in packets:
            self._go(self._receiver._handle_data(packet))

    def send(self, label: str, payload: bytes, **_: Any) -> bool:
        channel = self._by_label.get(label)
        if channel is None or channel.readyState != "open":
            return False
        channel.send(payload)
        return True

    def stop(self) -> None:
        self._go(self._sctp.stop())

    def _go(self, work: Any) -> None:
        self._tasks.add(task := asyncio.get_running_loop().create_task(work))
        task.add_done_callback(self._tasks.discard)

    def _register_data_receiver(self, receiver: Any) -> None:
        self._receiver = receiver

    def _unregister_data_receiver(self, _receiver: Any) -> None:
        self._receiver = None

    async def _send_data(self, data: bytes) -> None:
        self._records.put(data)

    def _adopt(self, channel: RTCDataChannel) -> None:
        self._by_label[channel.label] = channel
        channel.on("message", lambda data: self._told_message(channel.label, data))
        self._told_open(channel.label)


def main() -> None:
    """`python -m benchmarks.data_server ours|aiortc CORE --socket PATH --port 0`."""
    sctp, core = sys.argv[1:3]
    del sys.argv[1:3]
    os.sched_setaffinity(0, {int(core)})
    if sctp == "aiortc":
        association.DataChannels = AiortcChannels  # type: ignore[misc,assignment] -- what is measured beside ours
    if "--profile" in sys.argv:
        import cProfile

        sys.argv.remove("--profile")
        profile = cProfile.Profile()
        try:
            profile.runcall(worker.main)
        finally:
            profile.dump_stats("var/data.profile")
    else:
        worker.main()


if __name__ == "__main__":
    main()
