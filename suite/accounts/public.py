"""What other apps may use of accounts."""

from suite.accounts.middleware import viewer_required
from suite.accounts.models import Group, Membership, Organization, Role, Unit, User
from suite.accounts.selectors import colleagues_named, get_viewer
from suite.accounts.viewer import Viewer

__all__ = [
    "Group",
    "Membership",
    "Organization",
    "Role",
    "Unit",
    "User",
    "Viewer",
    "colleagues_named",
    "get_viewer",
    "viewer_required",
]
