"""What control refuses: one error for what a peer sent, one for what a server's caller asked."""

from __future__ import annotations

from typing import Final

# Twirp's codes and their HTTP statuses (https://twitchtv.github.io/twirp/docs/errors.html).
STATUSES: Final = {
    "invalid_argument": 400,
    "malformed": 400,
    "unauthenticated": 401,
    "permission_denied": 403,
    "not_found": 404,
    "bad_route": 404,
    "already_exists": 409,
    "failed_precondition": 412,
    "resource_exhausted": 429,
    "unknown": 500,
    "internal": 500,
    "unimplemented": 501,
    "unavailable": 503,
    "deadline_exceeded": 408,
}

DRAINING: Final = "the server is draining"  # a worker that takes no new rooms; another may


class RemoteError(Exception):
    """Bytes, a message or a description from a peer that is not what the protocol allows."""


class ServiceError(Exception):
    """A refusal of the server API: one of Twirp's codes and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUSES.get(self.code, 500)


class JoinRefused(Exception):
    """A signalling connection that is not let in: an HTTP status and a sentence in plain text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def room_not_found() -> ServiceError:
    return ServiceError("not_found", "twirp error unknown: requested room does not exist")


def participant_not_found() -> ServiceError:
    return ServiceError("not_found", "twirp error unknown: participant does not exist")


def no_response() -> ServiceError:
    """What LiveKit says of a call that it passes on to a participant, or a room, that nobody holds."""
    return ServiceError("unavailable", "twirp error unknown: no response from servers")


def no_egress() -> ServiceError:
    return ServiceError("internal", "twirp error unknown: egress not connected (redis required)")
