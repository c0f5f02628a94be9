"""The spine: one row for everything that can be shared, and who may do what with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from suite.accounts.public import Group, Organization, Unit, User
from suite.kernel.ids import uuid7
from suite.kernel.refs import TargetRef


class ResourceKind(models.TextChoices):
    DOCUMENT = "document"
    ROOM = "room"
    CHANNEL = "channel"
    RECORDING = "recording"
    TRANSCRIPT = "transcript"
    FILE = "file"


class ResourceRole(models.TextChoices):
    """Each role holds those before it."""

    READER = "reader"
    COMMENTER = "commenter"
    EDITOR = "editor"
    ADMINISTRATOR = "administrator"
    OWNER = "owner"


class LinkReach(models.TextChoices):
    """Who the link alone lets in."""

    RESTRICTED = "restricted"
    ORGANIZATION = "organization"
    EVERYONE = "everyone"


class Resource(models.Model):
    """A document, room, channel, recording, transcript or file, as far as sharing goes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=ResourceKind.choices)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="resources")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="owned_resources")
    title = models.CharField(max_length=300, blank=True)
    link_reach = models.CharField(max_length=20, choices=LinkReach.choices, default=LinkReach.RESTRICTED)
    link_role = models.CharField(max_length=20, choices=ResourceRole.choices, default=ResourceRole.READER)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)  # in the trash since then
    deleted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    purged_at = models.DateTimeField(null=True)  # deleted for ever: the row waits for its app to erase the content

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="resources_purged_from_the_trash", condition=Q(purged_at=None) | Q(deleted_at__isnull=False)
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "kind", "-updated_at"], name="resources_recent"),
            models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="resources_trash"),
        ]

    @property
    def ref(self) -> TargetRef:
        return TargetRef(kind=self.kind, id=self.id, label=self.title)


class Access(models.Model):
    """A role on a resource for one principal: a person, a group, a unit or an organisation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="accesses")
    role = models.CharField(max_length=20, choices=ResourceRole.choices)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True)
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, null=True)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, null=True)
    granted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="resources_one_principal",
                condition=(
                    Q(user__isnull=False, group=None, unit=None, organization=None)
                    | Q(user=None, group__isnull=False, unit=None, organization=None)
                    | Q(user=None, group=None, unit__isnull=False, organization=None)
                    | Q(user=None, group=None, unit=None, organization__isnull=False)
                ),
            ),
            models.UniqueConstraint(
                fields=["resource", "user", "group", "unit", "organization"],
                name="resources_principal_once",
                nulls_distinct=False,
            ),
        ]


class Favourite(models.Model):
    """A person marked a resource to find it again."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="favourites")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="favourites")
    added_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "resource"], name="resources_favourite_once")]


class Opening(models.Model):
    """When a person last opened a resource."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="openings")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="openings")
    opened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()  # when the audit last had it: one record a sitting

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "resource"], name="resources_opening_once")]
        indexes: ClassVar = [models.Index(fields=["user", "-opened_at"], name="resources_opened")]


class RequestState(models.TextChoices):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class AccessRequest(models.Model):
    """Somebody with the link and without a right asks for one. `told_at`: the asker has read the answer."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="requests")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_requests")
    message = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.WAITING)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["resource", "user"], condition=Q(state=RequestState.WAITING), name="resources_asked_once"
            ),
            models.CheckConstraint(
                name="resources_answered",
                condition=Q(state=RequestState.WAITING, answered_at=None)
                | (~Q(state=RequestState.WAITING) & Q(answered_at__isnull=False)),
            ),
        ]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations by what became of them."""

    VALID: ClassVar[timedelta] = timedelta(days=30)

    def waiting(self) -> Self:
        """Neither accepted nor withdrawn; perhaps too old."""
        return self.filter(accepted_at=None, withdrawn_at=None)

    def valid(self, *, now: datetime) -> Self:
        """Waiting, and young enough to be accepted."""
        return self.waiting().filter(invited_at__gt=now - self.VALID)


class Invitation(models.Model):
    """A role that waits for whoever signs in with a mail address. Withdrawn, the row is dropped the next night."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)  # in lower case
    role = models.CharField(max_length=20, choices=ResourceRole.choices)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")

    objects: ClassVar = InvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["resource", "email"], condition=Q(accepted_at=None, withdrawn_at=None), name="resources_invited_once"
            ),
            models.CheckConstraint(name="resources_nobody_invited_as_owner", condition=~Q(role=ResourceRole.OWNER)),
            models.CheckConstraint(
                name="resources_accepted_by_somebody",
                condition=Q(accepted_at=None, accepted_by=None) | Q(accepted_at__isnull=False, accepted_by__isnull=False),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["email"], condition=Q(accepted_at=None), name="resources_invited")]
