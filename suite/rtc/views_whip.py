"""WHIP (RFC 9725) at `/whip/v1` and WHEP (draft-ietf-wish-whep) at `/whep/v1`, with a bearer LiveKit token.

Statuses and sentences are LiveKit's where it has them; docs/media/whip.md lists where they differ, and why.
"""

from __future__ import annotations

import json
import time
from typing import Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from suite.rtc.core.errors import STATUSES, JoinRefused, ServiceError
from suite.rtc.core.http_session import Answered
from suite.rtc.core.sdp.description import MAX_LENGTH
from suite.rtc.core.sdp.fragment import MEDIA_TYPE as FRAGMENT
from suite.rtc.core.whip import EARLIER, UNPROCESSABLE
from suite.rtc.directory import DirectoryLost
from suite.rtc.keys import keys
from suite.rtc.signalling import whip
from suite.rtc.signalling.joining import Joining, joining
from suite.rtc.signalling.rate import Rate
from suite.rtc.workers import NO_DIRECTORY, REVOKED, workers

SDP: Final = "application/sdp"
ALL_STATUSES: Final = {**STATUSES, UNPROCESSABLE: 422, EARLIER: 412, "too_large": 413, "wrong_type": 415, "no_tag": 428}
RETRY: Final = "2"  # seconds, for those who are told to come back
# A session of one identity replaces the one before; a room's audience comes all at once.
_OF_ONE: Final = Rate(each=1.0, burst=10.0)
_OF_ROOM: Final = Rate(each=50.0, burst=500.0)
ENDPOINT: Final = ("OPTIONS", "GET", "HEAD", "POST")
SESSION: Final = ("OPTIONS", "GET", "HEAD", "PATCH", "DELETE")


@csrf_exempt  # no cookie counts here: a bearer token does
async def endpoint(request: HttpRequest, *, watching: bool) -> HttpResponse:
    """Where an offer is posted."""
    match request.method:
        case "POST":
            response = await _refusable(_offer(request, watching=watching))
        case "OPTIONS":
            response = HttpResponse(status=200)
            response["Accept-Post"] = SDP
        case "GET" | "HEAD":
            response = HttpResponse(status=204)  # RFC 9725, 4: kept for later, and never an error
        case _:
            response = _wrong_method(ENDPOINT)
    return _open(response, ENDPOINT)


@csrf_exempt  # as above
async def session(request: HttpRequest, sid: str, *, watching: bool) -> HttpResponse:
    """A session's own address."""
    match request.method:
        case "PATCH":
            response = await _refusable(_patch(request, sid, watching=watching))
        case "DELETE":
            response = await _refusable(_withdraw(request, sid, watching=watching))
        case "OPTIONS":
            response = HttpResponse(status=200)
            response["Accept-Patch"] = FRAGMENT
        case "GET" | "HEAD":
            response = HttpResponse(status=204)
        case _:
            response = _wrong_method(SESSION)
    return _open(response, SESSION)


async def _offer(request: HttpRequest, *, watching: bool) -> HttpResponse:
    _check_type(request, SDP, "wrong_type" if watching else "malformed")  # LiveKit: 400
    asked = await _caller(request)
    now, grants = time.monotonic(), asked.grants
    if not _OF_ONE.allows((grants.room, grants.identity), now) or not _OF_ROOM.allows(grants.room, now):
        raise ServiceError("resource_exhausted", "too many sessions are asked for")
    agent = request.headers.get("user-agent", "")
    body = whip.offer_payload(claims=asked.claims, watching=watching, agent=agent, offer=_body(request))
    answered = await _call(whip.OFFER, asked, body)
    response = HttpResponse(answered.text, status=201, content_type=SDP)
    response["Location"] = f"{request.path.rstrip('/')}/{answered.sid}"
    response["ETag"] = f'"{answered.etag}"'
    response["Accept-Patch"] = FRAGMENT
    links = [_link(url, one.username, one.credential) for one in answered.ice_servers for url in one.urls]
    if links:
        response["Link"] = ", ".join(links)
    return response


async def _patch(request: HttpRequest, sid: str, *, watching: bool) -> HttpResponse:
    _check_type(request, FRAGMENT, "wrong_type")
    etags = whip.entity_tags(request.headers.get("if-match", ""))
    asked = await _caller(request)
    body = whip.session_payload(grants=asked.grants, sid=sid, watching=watching, etags=etags, fragment=_body(request))
    answered = await _call(whip.PATCH, asked, body)
    if not answered.text:
        return HttpResponse(status=204)
    response = HttpResponse(answered.text, content_type=FRAGMENT)
    response["ETag"] = f'"{answered.etag}"'
    return response


async def _withdraw(request: HttpRequest, sid: str, *, watching: bool) -> HttpResponse:
    asked = await _caller(request)
    await _call(whip.WITHDRAW, asked, whip.session_payload(grants=asked.grants, sid=sid, watching=watching))
    return HttpResponse(status=200)


async def _caller(request: HttpRequest) -> Joining:
    """Whose token it is; raises `ServiceError`. A token in the address is not taken: addresses end in logs."""
    try:
        authorization = request.headers.get("authorization", "")
        asked = joining(query={}, authorization=authorization, single=False, keys=keys(), now=time.time())
        if await workers().is_revoked(asked):
            raise ServiceError("unauthenticated", REVOKED)
    except JoinRefused as refusal:
        code = "unauthenticated" if refusal.status == 401 else "invalid_argument"
        raise ServiceError(code, refusal.message) from refusal
    except DirectoryLost as lost:
        raise ServiceError("unavailable", NO_DIRECTORY) from lost
    return asked


async def _call(method: str, asked: Joining, body: bytes) -> Answered:
    return Answered.from_bytes(await workers().call(method, asked.grants.room, body))


def _check_type(request: HttpRequest, wanted: str, code: str) -> None:
    given = request.headers.get("content-type", "")
    if given.split(";")[0].strip().lower() != wanted:
        raise ServiceError(code, f"unsupported content-type: {given[:100]}")


def _body(request: HttpRequest) -> str:
    try:
        if len(request.body) > MAX_LENGTH:
            raise ServiceError("too_large", f"the description is longer than {MAX_LENGTH} bytes")
        return request.body.decode()
    except RequestDataTooBig as error:
        raise ServiceError("too_large", f"the description is longer than {MAX_LENGTH} bytes") from error
    except UnicodeDecodeError as error:
        raise ServiceError("malformed", "malformed SDP offer: it is not UTF-8") from error


def _link(url: str, name: str, word: str) -> str:
    """An ICE server as RFC 9725, 4.6 writes it."""
    link = f'<{url}>; rel="ice-server"'
    return f'{link}; username="{name}"; credential="{word}"; credential-type="password"' if name else link


async def _refusable(answer: object) -> HttpResponse:
    """The answer, or its refusal as LiveKit words it."""
    try:
        response: HttpResponse = await answer  # type: ignore[misc]  # a coroutine of ours
    except ServiceError as error:
        status = ALL_STATUSES.get(error.code, 500)
        body = json.dumps({"error": error.message}) + "\n"
        response = HttpResponse(body, status=status, content_type="application/json")
        if status == 401:
            response["WWW-Authenticate"] = "Bearer"
        if status in {429, 503}:
            response["Retry-After"] = RETRY
        # An answer, which Django is not to log as a failure of ours.
        vars(response)["_has_been_logged"] = True
    return response


def _wrong_method(allowed: tuple[str, ...]) -> HttpResponse:
    response = HttpResponse(status=405)
    response["Allow"] = ", ".join(allowed)
    return response


def _open(response: HttpResponse, methods: tuple[str, ...]) -> HttpResponse:
    """Pages of any origin may use it: a token says who calls, and nothing that a browser adds."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = ", ".join(methods)
    response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, If-Match"
    response["Access-Control-Expose-Headers"] = "*, Location, ETag, Link, Accept-Patch"
    response["Cache-Control"] = "no-store"
    return response
