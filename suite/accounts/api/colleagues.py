"""Finding a colleague by name, to write to or share with."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from suite.accounts.contract import Colleague
from suite.accounts.models import Membership
from suite.accounts.selectors import colleagues_named
from suite.accounts.viewer import as_viewer

QUERY_CHARACTERS_MAX = 100


class ColleaguesView(APIView):
    """`?query=`: at most 20 active people of the viewer's organisation, without the viewer."""

    def get(self, request: Request) -> Response:
        query = request.query_params.get("query", "").strip()[:QUERY_CHARACTERS_MAX]
        viewer = as_viewer(request.user)
        found = colleagues_named(viewer=viewer, query=query) if query else []
        return Response({"people": [_payload(one) for one in found if one.user_id != viewer.user_id]})


def _payload(one: Membership) -> Colleague:
    return {
        "id": str(one.user_id),
        "name": one.user.name,
        "email": one.user.email,
        "unit": one.unit.name if one.unit else "",
    }
