"""How the services of resources are called."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from suite.accounts.models import Organization
from suite.accounts.viewer import Viewer
from suite.kernel import clock
from suite.resources.models import AccessRequest, Invitation, LinkReach, Resource, ResourceKind, ResourceRole
from suite.resources.services import accesses, favourites, invitations, recents, requests, resources, trash
from tests import people

Call = Callable[[], object]


def _world() -> tuple[Viewer, Resource]:
    viewer = people.person(people.organization())
    resource = resources.resource_create(kind=ResourceKind.DOCUMENT, organization_id=viewer.organization_id, title="Note",
                                         owner_id=viewer.user_id, actor=viewer.ref, now=clock.now())  # fmt: skip
    return viewer, resource


def _colleague(viewer: Viewer) -> Viewer:
    return people.person(Organization.objects.get(id=viewer.organization_id), "Bruno", "Petit")


def _discarded(days: int = 0) -> tuple[Viewer, Resource]:
    viewer, resource = _world()
    trash.resource_discard(resource=resource, viewer=viewer, now=clock.now() - timedelta(days=days))
    return viewer, resource


def _asked() -> tuple[Viewer, Viewer, AccessRequest]:
    viewer, resource = _world()
    bruno = _colleague(viewer)
    requests.request_ask(resource_id=resource.id, viewer=bruno, message="Pour la réunion", now=clock.now())
    return viewer, bruno, AccessRequest.objects.select_related("resource").get(user_id=bruno.user_id)


def _invited(days: int = 0, email: str = "zoe@ailleurs.example") -> tuple[Viewer, Invitation]:
    viewer, resource = _world()
    made = invitations.invitation_make(resource=resource, email=email, role=ResourceRole.READER, viewer=viewer,
                                       now=clock.now() - timedelta(days=days))  # fmt: skip
    assert made is not None
    found: Invitation = made
    return viewer, found


def _create() -> Call:
    viewer = people.person(people.organization())
    return lambda: resources.resource_create(kind=ResourceKind.FILE, organization_id=viewer.organization_id, title="Note",
                                             owner_id=None, actor=viewer.ref, now=clock.now())  # fmt: skip


def _rename() -> Call:
    viewer, resource = _world()
    return lambda: resources.resource_rename(resource=resource, title="Autre", viewer=viewer, now=clock.now())


def _grant() -> Call:
    viewer, resource = _world()
    return lambda: accesses.access_grant(resource=resource, role=ResourceRole.READER, actor=viewer.ref, now=clock.now(),
                                         organization_id=viewer.organization_id)  # fmt: skip


def _revoke() -> Call:
    viewer, resource = _world()
    access = accesses.access_grant(resource=resource, role=ResourceRole.READER, actor=viewer.ref, now=clock.now(),
                                   organization_id=viewer.organization_id)  # fmt: skip
    return lambda: accesses.access_revoke(access=access, actor=viewer.ref, now=clock.now())


def _link() -> Call:
    viewer, resource = _world()
    return lambda: accesses.link_change(resource=resource, reach=LinkReach.EVERYONE, role=ResourceRole.READER, viewer=viewer,
                                        now=clock.now())  # fmt: skip


def _give() -> Call:
    viewer, resource = _world()
    bruno = _colleague(viewer)
    return lambda: accesses.colleague_grant(resource=resource, user_id=bruno.user_id, role=ResourceRole.READER, viewer=viewer,
                                            now=clock.now())  # fmt: skip


def _take_back() -> Call:
    viewer, resource = _world()
    bruno = _colleague(viewer)
    access = accesses.colleague_grant(resource=resource, user_id=bruno.user_id, role=ResourceRole.READER, viewer=viewer,
                                      now=clock.now())  # fmt: skip
    return lambda: accesses.access_take_back(resource=resource, access_id=access.id, viewer=viewer, now=clock.now())


def _discard() -> Call:
    viewer, resource = _world()
    return lambda: trash.resource_discard(resource=resource, viewer=viewer, now=clock.now())


def _restore() -> Call:
    viewer, resource = _discarded()
    return lambda: trash.resource_restore(resource=resource, viewer=viewer, now=clock.now())


def _delete() -> Call:
    viewer, resource = _discarded()
    return lambda: trash.resource_delete_for_ever(resource=resource, name="Note", typed="note ", viewer=viewer, now=clock.now())


def _purge() -> Call:
    viewer, resource = _discarded()
    return lambda: trash.resource_purge(resource=resource, actor=viewer.ref, now=clock.now())


def _erase() -> Call:
    viewer, resource = _discarded()
    trash.resource_purge(resource=resource, actor=viewer.ref, now=clock.now())
    return lambda: trash.resource_erase(resource_id=resource.id, now=clock.now())


def _empty() -> Call:
    _discarded(days=40)
    return lambda: trash.trash_empty(now=clock.now())


def _mark() -> Call:
    viewer, resource = _world()
    return lambda: favourites.favourite_add(resource=resource, viewer=viewer, now=clock.now())


def _unmark() -> Call:
    viewer, resource = _world()
    favourites.favourite_add(resource=resource, viewer=viewer, now=clock.now())
    return lambda: favourites.favourite_remove(resource=resource, viewer=viewer, now=clock.now())


def _open() -> Call:
    viewer, resource = _world()
    return lambda: recents.resource_opened(resource=resource, viewer=viewer, now=clock.now())


def _ask() -> Call:
    viewer, resource = _world()
    bruno = _colleague(viewer)
    return lambda: requests.request_ask(resource_id=resource.id, viewer=bruno, message="", now=clock.now())


def _accept() -> Call:
    viewer, _bruno, request = _asked()
    return lambda: requests.request_accept(request=request, role=ResourceRole.READER, viewer=viewer, now=clock.now())


def _decline() -> Call:
    viewer, _bruno, request = _asked()
    return lambda: requests.request_decline(request=request, viewer=viewer, now=clock.now())


def _read_answer() -> Call:
    viewer, bruno, request = _asked()
    requests.request_decline(request=request, viewer=viewer, now=clock.now())
    return lambda: requests.request_read_answer(request=request, viewer=bruno, now=clock.now())


def _invite() -> Call:
    viewer, resource = _world()
    return lambda: invitations.invitation_make(resource=resource, email="zoe@ailleurs.example", role=ResourceRole.READER,
                                               viewer=viewer, now=clock.now())  # fmt: skip


def _withdraw() -> Call:
    viewer, invitation = _invited()
    return lambda: invitations.invitation_withdraw(invitation=invitation, viewer=viewer, now=clock.now())


def _take_up() -> Call:
    zoe = people.person(people.organization("Ailleurs"), "Zoé", "Martin")
    _invited(email=zoe.email)
    return lambda: invitations.invitations_accept(user_id=zoe.user_id, now=clock.now())


def _send() -> Call:
    _viewer, invitation = _invited()
    return lambda: invitations.invitation_send(invitation_id=invitation.id, now=clock.now())


def _forget() -> Call:
    _invited(days=40)
    return lambda: invitations.invitations_forget(now=clock.now())


CALLS: dict[str, Callable[[], Call]] = {
    "resources.resource_create": _create,
    "resources.resource_rename": _rename,
    "accesses.access_grant": _grant,
    "accesses.access_revoke": _revoke,
    "accesses.link_change": _link,
    "accesses.colleague_grant": _give,
    "accesses.access_take_back": _take_back,
    "trash.resource_discard": _discard,
    "trash.resource_restore": _restore,
    "trash.resource_delete_for_ever": _delete,
    "trash.resource_purge": _purge,
    "trash.resource_erase": _erase,
    "trash.trash_empty": _empty,
    "favourites.favourite_add": _mark,
    "favourites.favourite_remove": _unmark,
    "recents.resource_opened": _open,
    "requests.request_ask": _ask,
    "requests.request_accept": _accept,
    "requests.request_decline": _decline,
    "requests.request_read_answer": _read_answer,
    "invitations.invitation_make": _invite,
    "invitations.invitation_withdraw": _withdraw,
    "invitations.invitations_accept": _take_up,
    "invitations.invitation_send": _send,
    "invitations.invitations_forget": _forget,
}
READS: dict[str, tuple[str, Callable[[], Call]]] = {
    "resources.clean_title": ("cleans a text", lambda: lambda: resources.clean_title("Un\ttitre\n")),
}
