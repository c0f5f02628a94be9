"""What ends a session: each alone is enough, whatever was not written beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings

from suite.accounts.models import Membership, SignIn, User
from suite.accounts.selectors import get_viewer
from suite.kernel import clock
from tests.people import organization, person, session_of

pytestmark = pytest.mark.django_db

ENDS: dict[str, Callable[[], object]] = {
    "it was ended": lambda: SignIn.objects.update(ended_at=clock.now()),
    "its age": lambda: SignIn.objects.update(signed_in_at=clock.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)),
    "the person is deactivated": lambda: User.objects.update(is_active=False),
    "the membership has ended": lambda: Membership.objects.update(ended_at=clock.now()),
    "the person's sessions ended later": lambda: User.objects.update(sessions_end_at=clock.now()),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_each_ends_a_session(end: Callable[[], object]) -> None:
    key = session_of(person(organization()))
    assert get_viewer(session_key=key) is not None
    end()
    assert get_viewer(session_key=key) is None


def test_a_session_from_after_the_end_of_the_former_ones_stays() -> None:
    viewer = person(organization())
    User.objects.update(sessions_end_at=clock.now())
    assert get_viewer(session_key=session_of(viewer)) is not None


def test_no_key_is_nobodys_session() -> None:
    person(organization())
    for key in (None, "", "unknown"):
        assert get_viewer(session_key=key) is None
