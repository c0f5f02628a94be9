"""What other apps may use of resources."""

from suite.resources.access import access_resource, has_role, readable_by, role_of
from suite.resources.models import Access, LinkReach, Resource, ResourceKind, ResourceRole
from suite.resources.services import (
    access_grant,
    access_revoke,
    link_change,
    resource_create,
    resource_discard,
    resource_rename,
)

__all__ = [
    "Access",
    "LinkReach",
    "Resource",
    "ResourceKind",
    "ResourceRole",
    "access_grant",
    "access_resource",
    "access_revoke",
    "has_role",
    "link_change",
    "readable_by",
    "resource_create",
    "resource_discard",
    "resource_rename",
    "role_of",
]
