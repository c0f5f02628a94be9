"""An organisation, its people, somebody of another one, and a document of Awa's."""

from __future__ import annotations

import pytest

from suite.documents.content import Paragraph
from suite.documents.services import document_create
from suite.kernel import clock
from tests.people import organization, person


@pytest.fixture
def house(db):
    return organization()


@pytest.fixture
def awa(house):
    return person(house)


@pytest.fixture
def bruno(house):
    return person(house, "Bruno", "Petit")


@pytest.fixture
def stranger(db):
    return person(organization("Ailleurs"), "Zoé", "Martin")


@pytest.fixture
def document(awa):
    return document_create(
        organization_id=awa.organization_id,
        title="Note",
        owner_id=awa.user_id,
        actor=awa.ref,
        now=clock.now(),
        paragraphs=[Paragraph.plain("Bonjour")],
    )


@pytest.fixture
def resource(document):
    return document.resource
