"""People, where they work, how they sign in, what they may administer."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from suite.kernel.ids import uuid7
from suite.kernel.refs import ActorRef, TargetRef


class Organization(models.Model):
    """A boundary: nothing crosses it without an access or a link's reach. Known by its SIRET (14 digits)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    siret = models.CharField(max_length=14, unique=True)
    created_at = models.DateTimeField()


class Unit(models.Model):
    """A service or office inside an organisation; units stand in one another."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="units")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    name = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "parent", "name"], name="accounts_unit_named_once", nulls_distinct=False
            )
        ]


class UserManager(BaseUserManager["User"]):
    """People are made by `services`; this is what Django's authentication asks for."""


class User(AbstractBaseUser):
    """One person in the whole Suite, whatever they sign in with and wherever they work."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    password = None  # type: ignore[assignment]  # people sign in at their provider
    email = models.EmailField(max_length=254)
    given_name = models.CharField(max_length=100)
    usual_name = models.CharField(max_length=100)
    phone = models.CharField(max_length=30, blank=True)
    language = models.CharField(max_length=5, blank=True)
    is_active = models.BooleanField(default=True)
    deactivated_at = models.DateTimeField(null=True)
    sessions_end_at = models.DateTimeField(null=True)  # sign-ins from before are over
    created_at = models.DateTimeField()

    USERNAME_FIELD = "id"
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        indexes: ClassVar = [models.Index(Lower("email"), name="accounts_user_email")]

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.usual_name}".strip()

    def get_session_auth_hash(self) -> str:
        """Changes when all sessions must end (Django compares it at each request)."""
        return f"{self.pk}:{self.sessions_end_at.isoformat() if self.sessions_end_at else ''}"

    @property
    def ref(self) -> ActorRef:
        return ActorRef(kind="person", id=self.id, label=self.name)

    @property
    def target(self) -> TargetRef:
        return TargetRef(kind="person", id=self.id, label=self.name)


class Identity(models.Model):
    """One way in: a subject at an issuer (OpenID Connect Core, 2). A mail address never identifies."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    linked_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issuer", "sub"], name="accounts_identity_once")]


class Membership(models.Model):
    """A person works in an organisation, perhaps in one of its units."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="memberships")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="memberships")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "organization"], condition=Q(ended_at=None), name="accounts_member_once")
        ]


class Group(models.Model):
    """People of an organisation under one name, to share with at once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="groups")
    name = models.CharField(max_length=200)
    members = models.ManyToManyField(User, related_name="groups_of", blank=True)


class Role(models.TextChoices):
    """What a person may administer. HR and auditor exclude each other in one person."""

    HR_ADMINISTRATOR = "hr_administrator"
    AUDITOR = "auditor"


class RoleAssignment(models.Model):
    """A role in an organisation, or in one unit of it and what is below."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_assignments")
    role = models.CharField(max_length=20, choices=Role.choices)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="role_assignments")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "role", "organization", "unit"], name="accounts_role_once", nulls_distinct=False
            )
        ]
        # HR and auditor in one person: refused by a trigger, migration 0002.


class SignIn(models.Model):
    """One browser signed in: ties the provider's session (`sid`) to ours, for sign-out from either side."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE)
    session_key = models.CharField(max_length=40, unique=True)
    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    sid = models.CharField(max_length=255, blank=True)
    acr = models.CharField(max_length=120, blank=True)
    amr = models.JSONField(default=list)
    signed_in_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="accounts_lately_ended"),
            models.Index(fields=["issuer", "sub"], condition=Q(ended_at=None), name="accounts_open_sign_ins"),
        ]
