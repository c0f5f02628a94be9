"""The shell around every page: correlation id, one handler for errors, health."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render
from django.utils.translation import gettext as _

from suite.kernel.answers import answer_to
from suite.kernel.context import Origin, acting, origin
from suite.kernel.errors import Forbidden, NotFound, NotSignedIn, SuiteError, Unavailable
from suite.kernel.ids import parse_uuid, uuid7
from suite.kernel.instead import INSTEAD, Instead
from suite.kernel.logs import get_logger

log = get_logger(__name__)
RETRY_SECONDS = 5
COMPRESSED = ("text/html", "application/json")
Handler = Callable[[HttpRequest], HttpResponse]


def origin_of(meta: dict[str, str]) -> Origin:
    """Where a request came from; a correlation id given by the front server is kept."""
    given = parse_uuid(meta.get("HTTP_X_CORRELATION_ID", ""))
    return Origin(
        correlation_id=given or uuid7(),
        address=meta.get("REMOTE_ADDR", "")[:45],
        user_agent="".join(c for c in meta.get("HTTP_USER_AGENT", "") if c.isprintable())[:200],
    )


class CorrelationMiddleware:
    """Gives each request its correlation id and answers it in `X-Correlation-Id`."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting(origin_of(request.META)) as current:
            response = self.get_response(request)
            response["X-Correlation-Id"] = str(current.correlation_id)
            if not request.path.startswith("/static/"):
                response.setdefault("Cache-Control", "no-store")
            return response


class CompressionMiddleware(GZipMiddleware):
    """Pages and answers of the API go compressed to those who can read it, each lengthened at random (against BREACH).

    Nothing else does: sound has no more to give, and is asked for by ranges of bytes.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        return super().process_response(request, response) if kind in COMPRESSED and not response.streaming else response


class ErrorMiddleware:
    """Turns what a view raises into a page that says what happened and what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if instead := _instead(request):
            return error_page(request, instead.error)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        error = answer_to(exception)
        if error is None:
            return None
        if isinstance(error, NotSignedIn) and request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            from django.contrib.auth.views import redirect_to_login  # noqa: PLC0415  (needs the apps loaded)

            return redirect_to_login(request.get_full_path(), login_url="/sign-in/")
        return error_page(request, error)


def error_page(request: HttpRequest, error: SuiteError) -> HttpResponse:
    """The page of an error, or its JSON where that is what the caller reads."""
    correlation_id: uuid.UUID = origin().correlation_id
    if "text/html" not in request.headers.get("Accept", ""):
        body = {"code": error.code, "message": error.sentence, "correlation_id": str(correlation_id), **error.fields}
        response: HttpResponse = JsonResponse(body, status=error.status)
    else:
        instead = _instead(request)
        again = isinstance(error, Unavailable) and (instead or request).method == "GET"
        context = {"error": error, "correlation_id": correlation_id, "again": again}
        response = render(request, "kernel/error.html", context, status=error.status)
    if isinstance(error, Unavailable):
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _instead(request: HttpRequest) -> Instead | None:
    found: Instead | None = getattr(request, "scope", {}).get(INSTEAD)
    return found


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    return error_page(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """What was raised outside a view: in the shells around it."""
    return error_page(request, answer_to(sys.exc_info()[1]) or SuiteError())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.info("csrf_refused", reason=reason)
    return error_page(request, Forbidden(_("This form is too old. Please reload the page and send it again.")))


def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (a view's signature)
    """200 where the database answers, 503 with the part that does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": "unavailable"}, status=503)
    return JsonResponse({"database": "ok"})
