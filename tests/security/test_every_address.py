"""Every address and socket, walked as somebody of another organisation, a guest, a colleague without access, HR and the
auditor. An address that this test cannot fill fails it: whoever adds one says here who may come.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from suite.audit.models import Record
from suite.config.routing import page_routes
from tests.meetings.doors import MeetingPage, browser
from tests.security.world import CONTENT, TITLE, World, a_world, what_awa_has

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

METHODS = ("get", "head", "post", "put", "patch", "delete")
EVERYONE = {"elsewhere", "guest", "colleague", "hr", "auditor"}
STAFF = EVERYONE - {"guest"}
Fill = Callable[[World, str], dict[str, Any]]


def nothing(_world: World, _visitor: str) -> dict[str, Any]:
    return {}


def one(name: str, attribute: str) -> Fill:
    return lambda world, _visitor: {name: getattr(world, attribute)}


def another_person(world: World, visitor: str) -> dict[str, Any]:
    """HR reaches the people of their own organisation: what they may not reach is somebody of the other."""
    return {"user_id": world.eva.user_id if visitor == "hr" else world.awa.user_id}


# address -> what fills it, and who may come in (200, 201, 204 or a redirect elsewhere than to the sign-in page).
ADDRESSES: dict[str, tuple[Fill, set[str]]] = {
    "healthz": (nothing, EVERYONE),
    "": (nothing, STAFF),
    "language/": (nothing, EVERYONE),
    "sign-in/": (nothing, EVERYONE),
    "sign-out/": (nothing, EVERYONE),
    "oidc/authenticate/": (nothing, EVERYONE),
    "oidc/callback/": (nothing, EVERYONE),
    "oidc/back-channel-logout/": (nothing, set()),
    "api/colleagues/": (nothing, STAFF),
    "people/": (nothing, {"hr"}),
    "people/add/": (nothing, {"hr"}),
    "people/<uuid:user_id>/": (another_person, set()),
    "people/<uuid:user_id>/move/": (another_person, set()),
    "people/<uuid:user_id>/leave/": (another_person, set()),
    "people/<uuid:user_id>/deactivate/": (another_person, set()),
    "people/<uuid:user_id>/reactivate/": (another_person, set()),
    "audit/": (nothing, {"auditor"}),
    "audit/contexts/<uuid:context_id>/": (one("context_id", "meeting"), {"auditor"}),
    "api/resources/<uuid:id>/sharing/": (one("id", "document"), set()),
    "api/resources/<uuid:id>/sharing/<uuid:access_id>/": (
        lambda world, _visitor: {"id": world.document, "access_id": world.access},
        set(),
    ),
    "api/resources/<uuid:id>/link/": (one("id", "document"), set()),
    "api/resources/<uuid:id>/favourite/": (one("id", "document"), set()),
    "api/resources/<uuid:id>/invitations/": (one("id", "document"), set()),
    "api/resources/<uuid:id>/invitations/<uuid:invitation_id>/": (
        lambda world, _visitor: {"id": world.document, "invitation_id": world.invitation},
        set(),
    ),
    "api/resources/<uuid:id>/requests/<uuid:request_id>/": (
        lambda world, _visitor: {"id": world.document, "request_id": world.request},
        set(),
    ),
    "resources/<uuid:id>/favourite/": (one("id", "document"), set()),
    "resources/<uuid:id>/discard/": (one("id", "document"), set()),
    "resources/<uuid:id>/requests/<uuid:request_id>/": (
        lambda world, _visitor: {"id": world.document, "request_id": world.request},
        set(),
    ),
    "resources/requests/<uuid:request_id>/read/": (one("request_id", "request"), set()),
    # Whoever is signed in may ask at any address; nothing says whether anybody hears it.
    "resources/<uuid:id>/ask/": (one("id", "document"), STAFF),
    "resources/asked/": (nothing, STAFF),
    "trash/": (nothing, STAFF),
    "trash/<uuid:id>/restore/": (one("id", "discarded"), set()),
    "trash/<uuid:id>/delete/": (one("id", "discarded"), set()),
    "invitations/<uuid:id>/": (one("id", "invitation"), set()),
    "documents/": (nothing, STAFF),
    "documents/start/": (nothing, STAFF),
    "documents/<uuid:id>/": (one("id", "document"), set()),
    "api/documents/": (nothing, STAFF),
    "api/documents/<uuid:id>/": (one("id", "document"), set()),
    "messages/": (nothing, STAFF),
    "messages/<uuid:id>/": (one("id", "channel"), set()),
    "api/channels/": (nothing, STAFF),
    "api/channels/direct/": (nothing, set()),
    "api/channels/<uuid:id>/": (one("id", "channel"), set()),
    "api/channels/<uuid:id>/people/": (one("id", "channel"), set()),
    "api/channels/<uuid:id>/messages/": (one("id", "channel"), set()),
    "api/channels/<uuid:id>/read/": (one("id", "channel"), set()),
    "meetings/": (nothing, STAFF),
    "meetings/start/": (nothing, STAFF),
    "meetings/<uuid:id>/": (one("id", "meeting"), set()),
    "rooms/<uuid:id>/": (one("id", "room"), set()),
    # The link is the right to knock: whoever has it sees the room's title, and waits.
    "rooms/<slug:slug>/": (one("slug", "slug"), EVERYONE),
    "api/rooms/": (nothing, STAFF),
    "api/rooms/<slug:slug>/": (one("slug", "slug"), EVERYONE),
    "api/rooms/<slug:slug>/join/": (one("slug", "slug"), EVERYONE),
    "webhooks/livekit/": (nothing, set()),
    "transcripts/<uuid:id>/": (one("id", "transcript"), set()),
    "transcripts/<uuid:id>/progress/": (one("id", "transcript"), set()),
    "transcripts/<uuid:id>/sounds/<uuid:track_id>/": (
        lambda world, _visitor: {"id": world.transcript, "track_id": world.track},
        set(),
    ),
    "transcripts/<uuid:id>/document/": (one("id", "transcript"), set()),
    "transcripts/<uuid:id>/export/": (one("id", "transcript"), set()),
    # The media server's own doors: they take its tokens, which no cookie replaces.
    "rtc/validate": (nothing, set()),
    "rtc/v1/validate": (nothing, set()),
    # A token is asked of who posts, and what can be read without one is empty.
    "whip/v1": (nothing, EVERYONE),
    "whip/v1/<str:sid>": (lambda world, _visitor: {"sid": "PA_nobody"}, EVERYONE),
    "whep/v1": (nothing, EVERYONE),
    "whep/v1/<str:sid>": (lambda world, _visitor: {"sid": "PA_nobody"}, EVERYONE),
    "twirp/livekit.<str:service>/<str:method>": (
        lambda world, _visitor: {"service": "RoomService", "method": "ListRooms"},
        set(),
    ),
}
MAY_SEE_THE_TITLE = {
    "rooms/<slug:slug>/",
    "api/rooms/<slug:slug>/",
    "api/rooms/<slug:slug>/join/",
    "audit/",
    "audit/contexts/<uuid:context_id>/",
}

READING = {"opened", "listened", "viewed", "refused"}  # how the acts end that reading leaves on record

SOCKETS: dict[str, Fill] = {
    "meetings/<uuid:id>/": lambda world, _visitor: {
        "path": f"/ws/meetings/{world.open_meeting}/?participation={world.participation}"
    },
    "documents/<uuid:document_id>/": lambda world, _visitor: {"path": f"/ws/documents/{world.document}/"},
}
# Sockets without an object: what they show is the visitor's own, tested where they live.
SOCKETS_OF_ONES_OWN = {"chat/"}


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every address of the Suite as its patterns write it."""
    for found in (resolver or get_resolver()).url_patterns:
        path = before + str(found.pattern)
        if isinstance(found, URLPattern):
            yield path
        else:
            yield from addresses(found, path)


def test_this_test_knows_every_address():
    assert set(addresses()) == set(ADDRESSES), "say here who may come to a new address"


def test_this_test_knows_every_socket():
    known = {str(route.pattern) for route in page_routes if not str(route.pattern).startswith("^")}
    assert known == set(SOCKETS) | SOCKETS_OF_ONES_OWN, "say here who may open a new socket"


@pytest.fixture
def world(engines: None, settings: Any) -> World:
    settings.SPEECH = True
    return a_world()


@pytest.mark.parametrize("visitor", sorted(EVERYONE))
def test_nobody_reaches_what_is_not_theirs(world, visitor):
    before = what_awa_has(world)
    for address, (fill, welcome) in ADDRESSES.items():
        path = "/" + filled(address, fill(world, visitor))
        client = browser(world.visitors[visitor])
        for method in METHODS:
            answer = ask(client, method, path)
            told = f"{visitor} {method} {path} -> {answer.status_code}"
            assert answer.status_code != 500, told
            if visitor not in welcome:
                assert is_refused(answer, address), told
            seen = body(answer)
            assert CONTENT not in seen, told
            assert TITLE not in seen or address in MAY_SEE_THE_TITLE, told
        assert what_awa_has(world) == before, f"{visitor} changed something at {path}"


@pytest.mark.parametrize("who", ["awa", "hr"])
def test_a_link_that_is_followed_does_nothing(world, who):
    """A page that loads pictures of ours in another window, or a browser that fetches ahead, acts for nobody."""
    client = browser(world.awa if who == "awa" else world.visitors["hr"])
    for address, (fill, _welcome) in ADDRESSES.items():
        before = Record.objects.count(), what_awa_has(world)
        for method in ("get", "head"):
            answer = ask(client, method, "/" + filled(address, fill(world, "colleague")))
            body(answer)
        left = set(Record.objects.order_by("-id").values_list("action", flat=True)[: Record.objects.count() - before[0]])
        assert {action.rpartition(".")[2] for action in left} <= READING, f"{who} at {address}: {left}"
        assert what_awa_has(world) == before[1], f"{who} changed something at {address}"


def test_what_is_absent_and_what_is_forbidden_look_the_same(world):
    """One 404 for all: an id tells nobody whether it exists."""
    clients = {visitor: browser(world.visitors[visitor]) for visitor in STAFF}
    for address, (fill, welcome) in ADDRESSES.items():
        for visitor in STAFF - welcome if "<uuid:" in address else ():
            real = fill(world, visitor)
            absent = {name: uuid.uuid4() for name in real}
            for method in METHODS if visitor == "colleague" else ("get",):
                there, nowhere = (ask(clients[visitor], method, "/" + filled(address, values)) for values in (real, absent))
                assert there.status_code == nowhere.status_code, (visitor, method, address)
                if there["Content-Type"].startswith("application/json") and method != "head":
                    assert {**there.json(), "correlation_id": ""} == {**nowhere.json(), "correlation_id": ""}


@pytest.mark.parametrize("visitor", sorted(EVERYONE))
async def test_nobody_opens_anothers_socket(world, visitor):
    client = await sync_to_async(browser)(world.visitors[visitor])
    for fill in SOCKETS.values():
        path = fill(world, visitor)["path"]
        async with MeetingPage(client, {"socket": path}) as page:
            code = await page.closed()
            assert code in {4401, 4403, 4404}, (visitor, path, code)


async def test_another_pages_origin_opens_nothing(world):
    client = await sync_to_async(browser)(world.awa)
    for fill in SOCKETS.values():
        entry = {"socket": fill(world, "elsewhere")["path"]}
        async with MeetingPage(client, entry):
            pass  # which is let in: what differs below is where the page is from
        page = MeetingPage(client, entry, origin=b"https://evil.example")
        await page.socket.send_input({"type": "websocket.connect"})
        assert (await page.socket.receive_output(5))["type"] == "websocket.close"


def filled(address: str, values: dict[str, Any]) -> str:
    for name, value in values.items():
        for converter in ("uuid", "slug", "str", "int"):
            address = address.replace(f"<{converter}:{name}>", str(value))
    assert "<" not in address, f"{address} is not filled"
    return address


def ask(client: Client, method: str, path: str) -> Any:
    if method in {"get", "head"}:
        return getattr(client, method)(path)
    return getattr(client, method)(path, {}, content_type="application/json")


def is_refused(answer: Any, address: str) -> bool:
    """Refused, not found, or sent to sign in; not understood where the address names nothing of anybody's."""
    if answer.status_code in {301, 302, 303}:
        return str(answer["Location"]).startswith("/sign-in/")
    # Whoever may not reach an object is told so before what they say of it is looked at.
    return answer.status_code in {401, 403, 404, 405} | (set() if "<uuid:" in address else {400, 415, 503})


def body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode(errors="replace")) + str(answer.headers)
