"""The transcript's page, its progress, its sound, its export, its document."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from suite.accounts.public import viewer_required
from suite.files.public import blob_response
from suite.kernel import clock
from suite.kernel.errors import NotFound
from suite.resources.public import ResourceRole, has_role, resource_opened, role_of
from suite.transcripts.access import access_sound, access_transcript
from suite.transcripts.exports import as_text
from suite.transcripts.selectors import lines_of, progress_of, sound_of
from suite.transcripts.services import transcript_export, transcript_listen, transcript_open_as_document


@require_GET
def transcript(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    viewer = viewer_required(request)
    found = access_transcript(viewer=viewer, id=id)
    resource_opened(resource=found.resource, viewer=viewer, now=clock.now())
    context = {
        "transcript": found,
        "lines": lines_of(found),
        "progress": progress_of(found),
        "sound": sound_of(found),
        "owns": has_role(role_of(viewer=viewer, resource=found.resource), ResourceRole.OWNER),
    }
    return render(request, "transcripts/transcript.html", context)


@require_GET
def progress(request: HttpRequest, id: uuid.UUID) -> JsonResponse:
    """`{state, done, total}` for the page that waits."""
    return JsonResponse(progress_of(access_transcript(viewer=viewer_required(request), id=id)))


@require_safe
def sound(request: HttpRequest, id: uuid.UUID, track_id: uuid.UUID) -> HttpResponseBase:
    """One track as it was stored, or the range that a player asks for; listening is recorded."""
    viewer = viewer_required(request)
    found, track = access_sound(viewer=viewer, id=id, track_id=track_id)
    if track.blob is None:
        raise NotFound
    answer = blob_response(request, track.blob, name=f"{track.pk}.ogg", inline=True)
    if request.method == "GET":
        transcript_listen(transcript=found, viewer=viewer, now=clock.now())
    return answer


@require_POST
def document(request: HttpRequest, id: uuid.UUID) -> HttpResponseRedirect:
    """Open as a document; the same one for everybody."""
    viewer = viewer_required(request)
    made = transcript_open_as_document(transcript=access_transcript(viewer=viewer, id=id), viewer=viewer, now=clock.now())
    return redirect("documents:document", made.pk)


@require_POST
def export(request: HttpRequest, id: uuid.UUID) -> HttpResponse:
    """The text as a file; taking it out is recorded."""
    viewer = viewer_required(request)
    found = access_transcript(viewer=viewer, id=id)
    transcript_export(transcript=found, viewer=viewer, now=clock.now())
    response = HttpResponse(as_text(found), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="transcript-{found.pk}.txt"'
    return response
