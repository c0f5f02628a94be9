"""What accounts tells the apps above."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from suite.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(Event):
    """A person was let go: sockets close, calls end, nothing of theirs is accepted any more."""

    name: ClassVar[str] = "accounts.user_deactivated"
    urgent: ClassVar[bool] = True
    user_id: uuid.UUID
    organization_id: uuid.UUID
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.user_id


@dataclass(frozen=True, kw_only=True)
class SignedIn(Event):
    """A person signed in. `email_vouched`: the provider vouched just now for the address that their account has."""

    name: ClassVar[str] = "accounts.signed_in"
    urgent: ClassVar[bool] = True  # what waits for them opens while their first page loads
    user_id: uuid.UUID
    sign_in_id: uuid.UUID
    email_vouched: bool
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.user_id


@dataclass(frozen=True, kw_only=True)
class SignInEnded(Event):
    """One browser was signed out, by the person, by the provider or by an administrator."""

    name: ClassVar[str] = "accounts.sign_in_ended"
    urgent: ClassVar[bool] = True
    user_id: uuid.UUID
    sign_in_id: uuid.UUID
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.user_id


@dataclass(frozen=True, kw_only=True)
class MembershipEnded(Event):
    """A person no longer works in an organisation, and still does in another: what they do there goes on."""

    name: ClassVar[str] = "accounts.membership_ended"
    urgent: ClassVar[bool] = True
    user_id: uuid.UUID
    organization_id: uuid.UUID
    at: datetime

    @property
    def aggregate_id(self) -> uuid.UUID:
        return self.user_id
