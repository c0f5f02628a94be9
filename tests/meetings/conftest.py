"""Two organisations and who works there."""

from __future__ import annotations

import pytest

from suite.accounts.viewer import Viewer
from tests.meetings.doors import a_room, browser
from tests.people import organization, person


@pytest.fixture(autouse=True)
def speech(settings) -> None:
    """These tests load no model, and ask for transcriptions."""
    settings.SPEECH = True


@pytest.fixture
def awa(transactional_db: None, engines: None) -> Viewer:
    """Starts the room; the tests' database is emptied behind it."""
    return person(organization("Ville de Montreuil"))


@pytest.fixture
def bruno(awa: Viewer) -> Viewer:
    """A colleague of Awa's."""
    from suite.accounts.models import Organization

    return person(Organization.objects.get(id=awa.organization_id), "Bruno", "Martin")


@pytest.fixture
def eva(awa: Viewer) -> Viewer:
    """Works elsewhere."""
    return person(organization("Préfecture de la Drôme"), "Eva", "Lambert")


@pytest.fixture
def slug(awa: Viewer) -> str:
    """A room of Awa's."""
    return a_room(browser(awa))
