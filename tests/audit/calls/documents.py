"""How the services of documents are called."""

from __future__ import annotations

from collections.abc import Callable

from suite.documents import services
from suite.kernel import clock
from tests import people
from tests.audit.worlds import purged

Call = Callable[[], object]


def _create() -> Call:
    viewer = people.person(people.organization())
    return lambda: services.document_create(organization_id=viewer.organization_id, title="Note", owner_id=viewer.user_id,
                                            actor=viewer.ref, now=clock.now())  # fmt: skip


def _rename() -> Call:
    viewer = people.person(people.organization())
    document = services.document_create(organization_id=viewer.organization_id, title="Note", owner_id=viewer.user_id,
                                        actor=viewer.ref, now=clock.now())  # fmt: skip
    return lambda: services.document_rename(document=document, title="Autre", viewer=viewer, now=clock.now())


def _erase() -> Call:
    viewer = people.person(people.organization())
    document = services.document_create(organization_id=viewer.organization_id, title="Note", owner_id=viewer.user_id,
                                        actor=viewer.ref, now=clock.now())  # fmt: skip
    purged(document.resource, viewer)
    return lambda: services.document_erase(document_id=document.pk, now=clock.now())


CALLS: dict[str, Callable[[], Call]] = {
    "document_create": _create,
    "document_rename": _rename,
    "document_erase": _erase,
}
