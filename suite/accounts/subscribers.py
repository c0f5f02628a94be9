"""What accounts does itself when somebody is let go or signed out: their pages' sockets close."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from suite.accounts.events import SignInEnded, UserDeactivated
from suite.accounts.groups import person_group, sign_in_group
from suite.accounts.models import SignIn

CLOSE_CODE = 4401


def close_sockets_of_person(event: UserDeactivated) -> None:
    """Close every page socket of the person."""
    _close(person_group(event.user_id))


def close_sockets_of_sign_in(event: SignInEnded) -> None:
    """Close every page socket of that browser."""
    sign_in = SignIn.objects.filter(id=event.sign_in_id).first()
    if sign_in is not None:
        _close(sign_in_group(sign_in.session_key))


def _close(group: str) -> None:
    async_to_sync(get_channel_layer().group_send)(group, {"type": "socket.close", "code": CLOSE_CODE})
