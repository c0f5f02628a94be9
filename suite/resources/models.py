"""The spine: one row for everything that can be shared, and who may do what with it."""

from __future__ import annotations

from typing import ClassVar

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
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organization", "kind", "-updated_at"], name="resources_recent")]

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
