"""A subscriber whose packets the kernel writes: its socket, its line and its downtrack."""

from __future__ import annotations

import secrets
import socket
from ctypes import addressof

import pylibsrtp

from suite.rtc.core.media import Codec
from suite.rtc.kernel.library import Kernel
from suite.rtc.kernel.rows import DIRECT, LineRow
from suite.rtc.packets.downtrack import Downtrack
from suite.rtc.transport.gate import socket_name
from suite.rtc.transport.srtp import KernelSrtp

VP8 = Codec(96, "video/vp8", 90000, rtx_payload_type=97)


class Reader:
    """A subscriber's socket, its line and its downtrack."""

    def __init__(self, kernel: Kernel, plane: socket.socket) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        master = secrets.token_bytes(28)
        self.keys = KernelSrtp(kernel, secrets.token_bytes(28), master)
        policy = pylibsrtp.Policy(
            key=master, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        )
        self.session = pylibsrtp.Session(policy)
        self.line = LineRow(socket=plane.fileno(), route=DIRECT, outbound=self.keys.outbound)
        name = socket_name(self.socket.getsockname())
        self.line.name[: len(name)] = list(name)
        self.line.name_length = len(name)
        self.track = Downtrack(number=1, kind="video", ssrc=5001, rtx_ssrc=None)
        self.track.negotiated((VP8,), {})
        self.track.use(VP8)
        self.track.line_row = addressof(self.line)

    def take(self) -> bytes:
        return self.session.unprotect(self.socket.recv(2048))
