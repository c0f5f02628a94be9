"""The seeded demonstration, and browsers that really go to the provider."""

from __future__ import annotations

import pytest
from django.core.management import call_command


@pytest.fixture
def demonstration(db: None) -> None:
    """The organisations and people of `provider/people.json`."""
    call_command("seed_demonstration", verbosity=0)
