"""What other apps may use of accounts."""

from suite.accounts.groups import groups_of_socket, person_group, sign_in_group
from suite.accounts.middleware import viewer_required
from suite.accounts.models import Group, Membership, Organization, Role, Unit, User
from suite.accounts.selectors import colleagues_named, get_viewer
from suite.accounts.viewer import Viewer, as_viewer

__all__ = [
    "Group",
    "Membership",
    "Organization",
    "Role",
    "Unit",
    "User",
    "Viewer",
    "as_viewer",
    "colleagues_named",
    "get_viewer",
    "groups_of_socket",
    "person_group",
    "sign_in_group",
    "viewer_required",
]
