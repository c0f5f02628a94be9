"""What other apps may use of resources."""

from suite.resources.access import access_resource, has_role, readable_by, role_of
from suite.resources.models import Access, LinkReach, Resource, ResourceKind, ResourceRole
from suite.resources.places import Kind, add_kind, asked_for, place_of
from suite.resources.selectors import (
    favourite_ids,
    is_favourite,
    list_answers_to,
    list_favourites,
    list_recents,
    list_requests_to,
)
from suite.resources.services.accesses import access_grant, access_revoke, link_change
from suite.resources.services.recents import SITTING, resource_opened
from suite.resources.services.resources import resource_create, resource_rename
from suite.resources.services.trash import resource_discard, resource_erase

__all__ = [
    "SITTING",
    "Access",
    "Kind",
    "LinkReach",
    "Resource",
    "ResourceKind",
    "ResourceRole",
    "access_grant",
    "access_resource",
    "access_revoke",
    "add_kind",
    "asked_for",
    "favourite_ids",
    "has_role",
    "is_favourite",
    "link_change",
    "list_answers_to",
    "list_favourites",
    "list_recents",
    "list_requests_to",
    "place_of",
    "readable_by",
    "resource_create",
    "resource_discard",
    "resource_erase",
    "resource_opened",
    "resource_rename",
    "role_of",
]
