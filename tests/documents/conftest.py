"""Documents, and the people who open them."""

from __future__ import annotations

import pytest

from suite.accounts.viewer import Viewer
from suite.documents.models import Document
from suite.documents.services import document_create
from suite.kernel import clock
from suite.resources.public import ResourceRole, access_grant
from tests.people import organization, person


@pytest.fixture
def awa(db: None) -> Viewer:
    return person(organization())


@pytest.fixture
def bruno(awa: Viewer) -> Viewer:
    from suite.accounts.models import Organization

    return person(Organization.objects.get(id=awa.organization_id), "Bruno", "Petit")


@pytest.fixture
def document(awa: Viewer) -> Document:
    return document_create(
        organization_id=awa.organization_id, title="Note", owner_id=awa.user_id, actor=awa.ref, now=clock.now()
    )


def share(document: Document, owner: Viewer, other: Viewer, role: ResourceRole) -> None:
    access_grant(resource=document.resource, role=role, actor=owner.ref, now=clock.now(), user_id=other.user_id)
