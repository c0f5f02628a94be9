"""What is taken away closes: sockets that are open, within five seconds, through real processes."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from django.conf import settings
from django.db import connection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from suite.accounts.events import SignInEnded, UserDeactivated
from suite.accounts.models import Organization, Role, SignIn, User
from suite.accounts.subscribers import close_sockets_again, close_sockets_of_person, close_sockets_of_sign_in
from suite.accounts.viewer import Viewer
from suite.kernel import clock, outbox
from tests.people import organization, person, session_of
from tests.web import Web, cookie_header

pytestmark = pytest.mark.django_db(transaction=True)
PROMISED_SECONDS = 5.0
HTML = {"Accept": "text/html"}


@pytest.fixture
def dispatcher(web: Web) -> Iterator[None]:
    """The outbox's own loop, as its process runs it."""
    stop = threading.Event()

    def run() -> None:
        outbox.run(stop)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def here(db: None) -> Organization:
    return organization()


@contextlib.contextmanager
def open_socket(web: Web, session_key: str) -> Iterator[ClientConnection]:
    address = f"{web.socket_address}/ws/chat/"
    with connect(address, origin=Origin(web.address), additional_headers=cookie_header(session_key)) as socket:
        socket.recv(timeout=10)
        yield socket


def closing_code(socket: ClientConnection, seconds: float) -> int | None:
    with contextlib.suppress(ConnectionClosed, TimeoutError):
        deadline = time.monotonic() + seconds
        while True:
            socket.recv(timeout=max(0.0, deadline - time.monotonic()))
    return socket.close_code


def deactivate_by_page(web: Web, hr: Viewer, user_id: object) -> requests.Response:
    browser = requests.Session()
    browser.cookies.set(settings.SESSION_COOKIE_NAME, session_of(hr), domain="localhost.local")
    browser.headers.update(HTML)
    address = f"{web.address}/people/{user_id}/deactivate/"
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(address, timeout=10).text)
    assert token is not None
    headers = {"Origin": web.address}
    return browser.post(address, data={"csrfmiddlewaretoken": token[1]}, headers=headers, allow_redirects=False, timeout=10)


@pytest.mark.usefixtures("dispatcher")
def test_a_deactivated_persons_sockets_close_and_the_next_request_is_refused(web: Web, here: Organization) -> None:
    hr = person(here, "Claire", "Petit", role=Role.HR_ADMINISTRATOR)
    bruno, awa = person(here, "Bruno", "Martin"), person(here)
    his, hers = session_of(bruno), session_of(awa)
    with open_socket(web, his) as one, open_socket(web, session_of(bruno)) as two, open_socket(web, hers) as other:
        clicked = time.monotonic()
        assert deactivate_by_page(web, hr, bruno.user_id).status_code == 302
        assert closing_code(one, PROMISED_SECONDS) == closing_code(two, PROMISED_SECONDS) == 4401
        assert time.monotonic() - clicked < PROMISED_SECONDS
        assert closing_code(other, 0.5) is None
    refused = requests.get(f"{web.address}/meetings/", headers=cookie_header(his) | HTML, allow_redirects=False, timeout=10)
    assert refused.headers["Location"].startswith("/sign-in/")
    with pytest.raises(ConnectionClosed), open_socket(web, his) as again:
        again.recv(timeout=5)
    assert not User.objects.get(id=bruno.user_id).is_active


@pytest.mark.usefixtures("dispatcher")
def test_signing_out_closes_that_browsers_sockets_only(web: Web, here: Organization) -> None:
    from suite.accounts.services.sign_ins import sign_in_end

    awa = person(here)
    key, elsewhere = session_of(awa), session_of(awa)
    with open_socket(web, key) as one, open_socket(web, elsewhere) as other:
        sign_in = SignIn.objects.select_related("user", "membership").get(session_key=key)
        sign_in_end(sign_in=sign_in, actor=awa.ref, reason="person", now=clock.now())
        assert closing_code(one, PROMISED_SECONDS) == 4401
        assert closing_code(other, 0.5) is None


def test_each_word_alone_closes(web: Web, here: Organization) -> None:
    awa = person(here)
    key = session_of(awa)
    sign_in = SignIn.objects.get(session_key=key)
    with open_socket(web, key) as socket:
        close_sockets_of_sign_in(SignInEnded(user_id=awa.user_id, sign_in_id=sign_in.id, at=clock.now()))
        assert closing_code(socket, PROMISED_SECONDS) == 4401
    with open_socket(web, key) as socket:
        close_sockets_of_person(UserDeactivated(user_id=awa.user_id, organization_id=here.id, at=clock.now()))
        assert closing_code(socket, PROMISED_SECONDS) == 4401


def test_a_lost_word_is_said_again(web: Web, here: Organization) -> None:
    """A socket that was opening when the word went out: only the repetition reaches it."""
    awa = person(here)
    key = session_of(awa)
    with open_socket(web, key) as socket:
        SignIn.objects.filter(session_key=key).update(ended_at=clock.now())
        assert close_sockets_again() == 1
        assert closing_code(socket, PROMISED_SECONDS) == 4401
    SignIn.objects.update(ended_at=clock.now() - timedelta(minutes=1))
    assert close_sockets_again() == 0
