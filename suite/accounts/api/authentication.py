"""The API's door: the session's viewer, with CSRF on every unsafe method."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from suite.accounts.viewer import Viewer
from suite.kernel.errors import Forbidden, NotSignedIn


class SessionAuthentication(BaseAuthentication):
    """`request.user` is the `Viewer` of the session's cookie."""

    def authenticate(self, request: Request) -> tuple[Viewer, None] | None:
        viewer: Viewer | None = getattr(request._request, "viewer", None)  # noqa: SLF001  (DRF's way to Django's request)
        check_csrf(request)
        return None if viewer is None else (viewer, None)

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  (DRF's signature)
        return "Session"


def _go_on(*_anything: object) -> HttpResponse:
    """What the check would call next; it never does."""
    return HttpResponse()


def check_csrf(request: Request) -> None:
    """Refuse an unsafe request without its token, signed in or not."""
    check = CSRFCheck(_go_on)
    check.process_request(request._request)  # noqa: SLF001  (DRF's way to Django's request)
    if check.process_view(request._request, _go_on, (), {}) is not None:  # noqa: SLF001  (as above)
        raise Forbidden


class IsSignedIn(BasePermission):
    """The default: a signed-in person. Views that guests may use say so with `permission_classes = []`."""

    def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002  (DRF's signature)
        if not isinstance(request.user, Viewer):
            raise NotSignedIn
        return True
