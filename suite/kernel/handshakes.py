"""The web server's side of a websocket's handshake: what is read of a request, and that every one is answered."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets import http11

LONGEST_LINE: Final = 128 * 1024  # bytes of a handshake's address or of one of its headers

# A token with metadata, and what somebody who comes back to a meeting says of many tracks, are in the address: websockets
# takes 8 kB.
http11.MAX_LINE_LENGTH = max(http11.MAX_LINE_LENGTH, LONGEST_LINE)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, which leaves a request without any answer that websockets refuses to read (uvicorn 0.54, websockets 17).

    Too many headers, too long a line, a body or an address that is not ASCII: 431, 414 or 400, and the connection ends.
    """

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is None or self.handshake_initiated or self.transport.is_closing():
            return
        answer = b"".join(self.conn.data_to_send())
        if not answer:  # what is no request at all
            answer = self.conn.reject(HTTPStatus.BAD_REQUEST, "This is no request for a websocket.\n").serialize()
        self.close_sent = True  # a server that ends says nothing more
        self.transport.write(answer)
        self.transport.close()
