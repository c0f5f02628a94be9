"""Data channels: aiortc's SCTP over our DTLS, with every queue bounded and every fault kept inside."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities, RTCSctpTransport

from suite.rtc.core.media import Channel

log = logging.getLogger(__name__)

LOSSY_BUFFER: Final = 64 * 1024  # bytes waiting, above which a lossy message is dropped
RELIABLE_BUFFER: Final = 8 * 1024 * 1024  # bytes waiting, above which a reader is given up as too slow
CHANNELS_MOST: Final = 16
STREAMS_MOST: Final = 256
UNFINISHED_MOST: Final = 2 * 1024 * 1024  # bytes of unfinished messages that a peer may make us hold


class _Seam:
    """What SCTP sees of DTLS. aiortc's SCTP asserts on hostile chunks and sends from detached tasks: both end here."""

    def __init__(self, dtls: RTCDtlsTransport, *, fault: Callable[[str], None], after: Callable[[], None]) -> None:
        self._dtls = dtls
        self._fault = fault
        self._after = after
        self._receiver: Any = None

    @property
    def state(self) -> str:
        return str(self._dtls.state)

    @property
    def _role(self) -> str:
        return "server"

    def _register_data_receiver(self, receiver: Any) -> None:
        self._receiver = receiver
        self._dtls._register_data_receiver(self)  # noqa: SLF001 -- how aiortc's own SCTP attaches

    def _unregister_data_receiver(self, _receiver: Any) -> None:
        self._receiver = None
        self._dtls._unregister_data_receiver(self)  # noqa: SLF001 -- as above

    async def _handle_data(self, data: bytes) -> None:
        if self._receiver is None:
            return
        try:
            await self._receiver._handle_data(data)  # noqa: SLF001 -- as above
        except Exception:
            log.debug("A malformed SCTP packet was dropped", exc_info=True)
            self._fault("sctp_malformed")
        self._after()

    async def _send_data(self, data: bytes) -> None:
        try:
            await self._dtls._send_data(data)  # noqa: SLF001 -- as above
        except Exception:  # noqa: BLE001 -- the association is going away; SCTP's timers learn it by themselves
            self._fault("sctp_unsent")


class Channels:
    """The data channels of one association, by label."""

    def __init__(
        self,
        dtls: RTCDtlsTransport,
        *,
        opened: Callable[[str], None],
        received: Callable[[str, bytes], None],
        failed: Callable[[str], None],
        count: Callable[[str], None],
    ) -> None:
        self._opened = opened
        self._received = received
        self._failed = failed
        self._by_label: dict[str, RTCDataChannel] = {}
        self._started = False
        self._sctp = RTCSctpTransport(_Seam(dtls, fault=count, after=self._bound))
        self._sctp.mid = "data"
        self._sctp.on("datachannel", self._accepted)

    def create(self, channel: Channel) -> None:
        """Open a channel from our side; it is announced when the association is there."""
        wanted = RTCDataChannelParameters(label=channel.label, ordered=channel.ordered, maxRetransmits=channel.max_retransmits)
        made = RTCDataChannel(self._sctp, wanted)
        made.on("open", lambda: self._opened(channel.label))
        self._adopt(made)

    async def start(self, *, port: int, max_message_size: int) -> None:
        """Associate with the peer's SCTP port."""
        if not self._started:
            self._started = True
            await self._sctp.start(RTCSctpCapabilities(maxMessageSize=max_message_size), port)

    def send(self, label: str, payload: bytes) -> bool:
        """Queue a message; False where it was dropped (no such channel, a lossy one that is full, too large for the peer).

        A reliable channel that is full ends the association: its reader is too slow to be served.
        """
        channel = self._by_label.get(label)
        if channel is None or channel.readyState != "open":
            return False
        waiting = channel.bufferedAmount + len(payload)
        if channel.maxRetransmits is not None or channel.maxPacketLifeTime is not None:
            if waiting > LOSSY_BUFFER and channel.bufferedAmount:
                return False
        elif waiting > RELIABLE_BUFFER:
            self._failed("a reader of reliable data is too slow")
            return False
        try:
            channel.send(payload)
        except ValueError:  # larger than the peer's max-message-size
            return False
        return True

    async def stop(self) -> None:
        """Abort the association."""
        await self._sctp.stop()

    def _accepted(self, channel: RTCDataChannel) -> None:
        if len(self._sctp._data_channels) > CHANNELS_MOST:  # noqa: SLF001 -- aiortc has no limit of its own
            self._failed("too many data channels")
            return
        self._adopt(channel)
        self._opened(channel.label)

    def _adopt(self, channel: RTCDataChannel) -> None:
        label = channel.label
        self._by_label[label] = channel
        channel.on("message", lambda data: self._received(label, data if isinstance(data, bytes) else data.encode()))

    def _bound(self) -> None:
        """Aiortc advertises a window and a number of streams, but holds nobody to them."""
        if self._sctp._advertised_rwnd < -UNFINISHED_MOST:  # noqa: SLF001 -- the bytes of unfinished messages
            self._failed("too much unfinished data")
        elif len(self._sctp._inbound_streams) > STREAMS_MOST:  # noqa: SLF001 -- one object each
            self._failed("too many streams")
