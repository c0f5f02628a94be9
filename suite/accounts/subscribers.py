"""What accounts does itself when somebody is let go or signed out: their pages' sockets close."""

from __future__ import annotations

from datetime import timedelta

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from suite.accounts.events import SignInEnded, UserDeactivated
from suite.accounts.groups import person_group, sign_in_group
from suite.accounts.models import SignIn
from suite.kernel import clock

CLOSE_CODE = 4401
AGAIN = timedelta(seconds=5)


def close_sockets_of_person(event: UserDeactivated) -> None:
    """Close every page socket of the person."""
    _close([person_group(event.user_id)])


def close_sockets_of_sign_in(event: SignInEnded) -> None:
    """Close every page socket of that browser."""
    sign_in = SignIn.objects.filter(id=event.sign_in_id).first()
    if sign_in is not None:
        _close([sign_in_group(sign_in.session_key)])


def close_sockets_again() -> int:
    """Say once more to what ended in the last seconds that it closes; how many groups were told.

    The channel layer forgets a message that nobody hears: a socket that was opening while its right was taken away, or a Valkey
    that was restarting. Each second for `AGAIN`, so that both are closed in time.
    """
    ended = SignIn.objects.select_related("user").filter(ended_at__gt=clock.now() - AGAIN)
    groups = {sign_in_group(one.session_key) for one in ended}
    groups |= {person_group(one.user_id) for one in ended if not one.user.is_active}
    _close(sorted(groups))
    return len(groups)


def _close(groups: list[str]) -> None:
    async def tell() -> None:
        layer = get_channel_layer()
        for group in groups:
            await layer.group_send(group, {"type": "socket.close", "code": CLOSE_CODE})

    if groups:
        async_to_sync(tell)()
