"""What the API answers of a person."""

from __future__ import annotations

from typing import TypedDict


class Colleague(TypedDict):
    id: str
    name: str
    email: str
    unit: str
