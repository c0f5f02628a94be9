"""Signalling: bytes to messages and back (livekit_rtc.proto), bounded, one error."""

from __future__ import annotations

from typing import Final

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from livekit.protocol import rtc

from suite.rtc.core.errors import RemoteError

# Large enough for the description of 250 sections, or for 600 kB of metadata that gets a refusal of its own.
MAX_MESSAGE: Final = 1024 * 1024  # bytes
LARGEST: Final = 4 * 1024 * 1024  # bytes, where an operator allows more


def signal_request(payload: bytes) -> rtc.SignalRequest:
    """Read what a client sent; raises `RemoteError` where it is no request or longer than `LARGEST`."""
    if len(payload) > LARGEST:
        raise RemoteError("signal request too long")
    try:
        request = rtc.SignalRequest.FromString(payload)
    except DecodeError as error:
        raise RemoteError("not a signal request") from error
    if request.WhichOneof("message") is None:
        raise RemoteError("empty signal request")
    return request


def request_of_json(text: str) -> bytes:
    """A request that a client wrote as JSON, which LiveKit takes as well; raises `RemoteError` where it is none."""
    try:
        request = json_format.Parse(text, rtc.SignalRequest(), max_recursion_depth=20)
    except (json_format.ParseError, RecursionError, ValueError) as error:
        raise RemoteError("not a signal request") from error
    return request.SerializeToString()


def json_of_response(payload: bytes) -> str:
    """What is sent to a client that writes JSON."""
    return json_format.MessageToJson(rtc.SignalResponse.FromString(payload), indent=None)


def signal_response(response: rtc.SignalResponse) -> bytes:
    """What is sent to a client."""
    return response.SerializeToString()
