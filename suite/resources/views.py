"""The pages of all kinds: the trash, a star, asking for access and answering, an invitation's link."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from suite.accounts.public import viewer_required
from suite.kernel import clock
from suite.kernel.errors import BadInput, NotFound
from suite.kernel.paging import page_of
from suite.resources.access import (
    access_discarded,
    access_own_invitation,
    access_own_request,
    access_request,
    access_resource,
)
from suite.resources.errors import InUse, NotNamed
from suite.resources.models import ResourceRole
from suite.resources.places import has_trash, loss_of, place_of
from suite.resources.selectors import is_favourite, lines_of_trash, list_trash
from suite.resources.services.favourites import favourite_add, favourite_remove
from suite.resources.services.requests import request_accept, request_ask, request_decline, request_read_answer
from suite.resources.services.trash import resource_delete_for_ever, resource_discard, resource_restore

DECLINE = "decline"
ANSWERS = {ResourceRole.READER, ResourceRole.EDITOR}
MESSAGE_CHARACTERS_MAX = 300
WAITS_MAX = 5  # seconds: the dispatcher opens an access within one


@require_GET
def trash(request: HttpRequest) -> HttpResponse:
    """What was discarded of what the viewer owns or administers."""
    viewer = viewer_required(request)
    page = page_of(list_trash(viewer=viewer), request.GET.get("page"))
    context = {"page": page, "discarded": lines_of_trash(viewer=viewer, discarded=page)}
    return render(request, "resources/trash.html", context)


@require_POST
def discard(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Into the trash, with an undo on the next page, or the sentence that says why not."""
    viewer = viewer_required(request)
    resource = access_resource(viewer=viewer, id=id, need=ResourceRole.OWNER)
    if not has_trash(resource):
        raise NotFound
    place = place_of(viewer=viewer, resource=resource)
    next_address = _next(request, reverse("resources:trash"))
    try:
        resource_discard(resource=resource, viewer=viewer, now=clock.now())
    except InUse as error:
        messages.error(request, error.sentence)
        return HttpResponseRedirect(next_address)
    said = render_to_string("resources/discarded.html", {"place": place, "next": next_address}, request=request)
    messages.success(request, said, extra_tags="block")
    return HttpResponseRedirect(next_address)


@require_POST
def restore(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Out of the trash."""
    viewer = viewer_required(request)
    resource = access_discarded(viewer=viewer, id=id)
    resource_restore(resource=resource, viewer=viewer, now=clock.now())
    place = place_of(viewer=viewer, resource=resource)
    said = render_to_string("resources/restored.html", {"place": place}, request=request)
    messages.success(request, said, extra_tags="block")
    return HttpResponseRedirect(_next(request, reverse("resources:trash")))


@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """What deleting for ever will lose, confirmed by its name; then the act."""
    viewer = viewer_required(request)
    resource = access_discarded(viewer=viewer, id=id, need=ResourceRole.OWNER)
    place = place_of(viewer=viewer, resource=resource)
    shown = {"place": place, "loses": loss_of(resource), "error": None, "typed": ""}
    if request.method == "GET":
        return render(request, "resources/delete.html", shown)
    typed = request.POST.get("name", "")
    try:
        resource_delete_for_ever(resource=resource, name=place.title, typed=typed, viewer=viewer, now=clock.now())
    except NotNamed as error:
        return render(request, "resources/delete.html", {**shown, "error": error, "typed": typed}, status=error.status)
    messages.success(request, _("“%(title)s” is deleted for ever.") % {"title": place.title})
    return redirect("resources:trash")


@require_POST
def favourite(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Mark, or take the mark away."""
    viewer = viewer_required(request)
    resource = access_resource(viewer=viewer, id=id, need=ResourceRole.READER)
    change = favourite_remove if is_favourite(viewer=viewer, resource_id=id) else favourite_add
    change(resource=resource, viewer=viewer, now=clock.now())
    return HttpResponseRedirect(_next(request, reverse("home")))


@require_POST
def ask(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Ask for access to whatever has this id, or to nothing: the answer is the same."""
    viewer = viewer_required(request)
    message = request.POST.get("message", "")[:MESSAGE_CHARACTERS_MAX]
    request_ask(resource_id=id, viewer=viewer, message=message, now=clock.now())
    return redirect("resources:asked")


@require_GET
def asked(request: HttpRequest) -> HttpResponse:
    """What happens to a request now."""
    viewer_required(request)
    return render(request, "resources/asked.html")


@require_POST
def answer(request: HttpRequest, id: uuid.UUID, request_id: uuid.UUID) -> HttpResponse:
    """Accept with a role, or decline: `answer` is a role or `decline`."""
    viewer, now = viewer_required(request), clock.now()
    found = access_request(viewer=viewer, resource_id=id, id=request_id)
    said = request.POST.get("answer", "")
    if said == DECLINE:
        request_decline(request=found, viewer=viewer, now=now)
        messages.success(request, _("You declined the request of %(name)s.") % {"name": found.user.name})
    elif said in ANSWERS:
        request_accept(request=found, role=ResourceRole(said), viewer=viewer, now=now)
        messages.success(request, _("%(name)s has access now.") % {"name": found.user.name})
    else:
        raise BadInput
    return HttpResponseRedirect(_next(request, reverse("home")))


@require_POST
def read_answer(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """The asker has read the answer."""
    viewer = viewer_required(request)
    own = access_own_request(viewer=viewer, id=request_id)
    request_read_answer(request=own, viewer=viewer, now=clock.now())
    return HttpResponseRedirect(_next(request, reverse("home")))


@require_GET
def invitation(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """Where an invitation's mail leads: on to the resource, or a moment's wait until the access is opened."""
    viewer = viewer_required(request)
    found = access_own_invitation(viewer=viewer, id=id)
    if found.accepted_at is not None:
        return redirect(place_of(viewer=viewer, resource=found.resource).address)
    waited = request.GET.get("waited", "")
    waits = len(waited) < WAITS_MAX
    response = render(request, "resources/invitation.html", {"waits": waits, "email": found.email})
    if waits:
        response["Refresh"] = f"1; url={request.path}?waited={'.' * (len(waited) + 1)}"
    return response


def _next(request: HttpRequest, otherwise: str) -> str:
    """Where the form said to go on, if that is one of our own pages."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and is_ours else otherwise
