"""The server API (Twirp) and `validate`, which clients ask why a join failed."""

from __future__ import annotations

import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from suite.rtc.core.errors import JoinRefused, ServiceError
from suite.rtc.keys import keys
from suite.rtc.link.web import CALL_DEADLINE
from suite.rtc.signalling import twirp
from suite.rtc.signalling.joining import joining, parameters
from suite.rtc.signalling.tokens import TokenRefused, bearer, verify
from suite.rtc.workers import workers

MAX_BODY = 2 * 1024 * 1024  # bytes


async def validate(request: HttpRequest, *, single: bool) -> HttpResponse:
    """Say in plain text why a join with this query would be refused, or `success`."""
    if request.method == "OPTIONS":
        response = HttpResponse(status=204)
        response["Access-Control-Allow-Headers"] = "*"
    else:
        status, text = 200, "success"
        try:
            asked = joining(
                query=parameters(request.META["QUERY_STRING"]),
                authorization=request.headers.get("authorization", ""),
                single=single,
                keys=keys(),
                now=time.time(),
                strict=True,
            )
            refused = await workers().would_admit(asked)
        except JoinRefused as refusal:
            refused = refusal
        if refused is not None:
            status, text = refused.status, refused.message
        response = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    # The page that joins may come from elsewhere than the media server; the token is in the address, no cookie counts.
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = "*"
    return response


@csrf_exempt  # no cookie counts here: a bearer token does
async def twirp_call(request: HttpRequest, service: str, method: str) -> HttpResponse:
    """One call of the server API."""
    content_type = (request.headers.get("content-type") or "").split(";")[0].strip().lower()
    try:
        claims = _claims(request)
    except TokenRefused as no:
        return HttpResponse(no.message, status=401, content_type="text/plain; charset=utf-8")
    try:
        known = twirp.METHODS.get(f"{service}/{method}")
        if request.method != "POST" or known is None or content_type not in {twirp.JSON, twirp.PROTOBUF}:
            return _nowhere(request, service, method, content_type)
        if len(request.body) > getattr(settings, "RTC_BODY_LIMIT", MAX_BODY):
            raise ServiceError("malformed", "the request is too large")  # noqa: TRY301 -- one handler answers all refusals
        message = twirp.decode(known, content_type, request.body)
        twirp.permit(known, message, claims)
        payload = await _answer(f"{service}/{method}", message)
    except ServiceError as error:
        return _refusal(error)
    return HttpResponse(twirp.encode(known, content_type, payload), content_type=content_type)


def _refusal(error: ServiceError, meta: dict[str, str] | None = None) -> HttpResponse:
    """LiveKit's statuses say 500 or 501 where it means no: an answer, which Django is not to log as a failure of ours."""
    refusal = HttpResponse(twirp.encode_error(error, meta), status=error.status, content_type=twirp.JSON)
    vars(refusal)["_has_been_logged"] = True
    return refusal


def _claims(request: HttpRequest) -> dict[str, object] | None:
    """The caller's claims, None without a token; raises `TokenRefused`."""
    token = bearer(request.headers.get("authorization", ""))
    return verify(token, keys=keys(), now=time.time()) if token else None


def _nowhere(request: HttpRequest, service: str, method: str, content_type: str) -> HttpResponse:
    name = f"{service}/{method}"
    if name not in twirp.METHODS:
        error, meta = twirp.bad_route(request.method or "", request.path, f'no handler for path "{request.path}"')
    elif request.method != "POST":
        words = f'unsupported method "{request.method}" (only POST is allowed)'
        error, meta = twirp.bad_route(request.method or "", request.path, words)
    else:
        error, meta = twirp.bad_route("POST", request.path, f'unexpected Content-Type: "{content_type}"')
    return _refusal(error, meta)


async def _answer(name: str, message: object) -> bytes:
    """Hand the call to the worker, or the workers, that it concerns; raises `ServiceError`."""
    if why := twirp.METHODS[name].absent:
        raise ServiceError("unimplemented", why)
    body: bytes = message.SerializeToString()  # type: ignore[attr-defined]  # a protobuf of METHODS
    match name:
        case "RoomService/ListRooms":
            return await workers().list_rooms(body)
        case "Egress/ListEgress":
            return await workers().list_egress(body)
        case "Egress/StopEgress":
            return await workers().stop_egress(body)
        case "RoomService/RemoveParticipant":
            return await workers().remove(message, body)  # type: ignore[arg-type]  # that method's protobuf
        case "RoomService/ForwardParticipant" | "RoomService/MoveParticipant":
            raise ServiceError("unknown", "twirp error unknown: not implemented")
    if name == "RoomService/CreateRoom":
        room = getattr(message, "name", "")
    else:
        room = getattr(message, "room_name", "") or getattr(message, "room", "")
    # A call on a participant takes as long as its caller allows.
    waits = getattr(message, "response_timeout_ms", 0) / 1000
    return await workers().call(name, room, body, deadline=min(waits, 60.0) + CALL_DEADLINE + 2)
