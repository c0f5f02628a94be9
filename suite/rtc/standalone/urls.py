"""What a LiveKit server answers by HTTP."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


async def alive(request: HttpRequest) -> HttpResponse:
    """LiveKit's health check."""
    del request
    return HttpResponse("OK", content_type="text/plain; charset=utf-8")


urlpatterns = [path("", alive), path("", include("suite.rtc.urls"))]
