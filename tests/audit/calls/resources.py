"""How the services of resources are called."""

from __future__ import annotations

from collections.abc import Callable

from suite.accounts.viewer import Viewer
from suite.kernel import clock
from suite.resources import services
from suite.resources.models import LinkReach, Resource, ResourceKind, ResourceRole
from tests import people

Call = Callable[[], object]


def _world() -> tuple[Viewer, Resource]:
    viewer = people.person(people.organization())
    resource = services.resource_create(kind=ResourceKind.DOCUMENT, organization_id=viewer.organization_id, title="Note",
                                        owner_id=viewer.user_id, actor=viewer.ref, now=clock.now())  # fmt: skip
    return viewer, resource


def _create() -> Call:
    viewer = people.person(people.organization())
    return lambda: services.resource_create(kind=ResourceKind.FILE, organization_id=viewer.organization_id, title="Note",
                                            owner_id=None, actor=viewer.ref, now=clock.now())  # fmt: skip


def _rename() -> Call:
    viewer, resource = _world()
    return lambda: services.resource_rename(resource=resource, title="Autre", viewer=viewer, now=clock.now())


def _grant() -> Call:
    viewer, resource = _world()
    return lambda: services.access_grant(resource=resource, role=ResourceRole.READER, actor=viewer.ref, now=clock.now(),
                                         organization_id=viewer.organization_id)  # fmt: skip


def _revoke() -> Call:
    viewer, resource = _world()
    access = services.access_grant(resource=resource, role=ResourceRole.READER, actor=viewer.ref, now=clock.now(),
                                   organization_id=viewer.organization_id)  # fmt: skip
    return lambda: services.access_revoke(access=access, actor=viewer.ref, now=clock.now())


def _link() -> Call:
    viewer, resource = _world()
    return lambda: services.link_change(resource=resource, reach=LinkReach.EVERYONE, role=ResourceRole.READER, viewer=viewer,
                                        now=clock.now())  # fmt: skip


def _discard() -> Call:
    viewer, resource = _world()
    return lambda: services.resource_discard(resource=resource, viewer=viewer, now=clock.now())


CALLS: dict[str, Callable[[], Call]] = {
    "resource_create": _create,
    "resource_rename": _rename,
    "access_grant": _grant,
    "access_revoke": _revoke,
    "link_change": _link,
    "resource_discard": _discard,
}
READS: dict[str, tuple[str, Callable[[], Call]]] = {
    "clean_title": ("cleans a text", lambda: lambda: services.clean_title("Un\ttitre\n")),
}
