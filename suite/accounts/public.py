"""What other apps may use of accounts."""

from suite.accounts.groups import groups_of_socket
from suite.accounts.middleware import viewer_required
from suite.accounts.models import Group, Membership, Organization, Unit, User
from suite.accounts.selectors import get_viewer, list_signed_in, viewer_of
from suite.accounts.viewer import Viewer, as_viewer

__all__ = [
    "Group",
    "Membership",
    "Organization",
    "Unit",
    "User",
    "Viewer",
    "as_viewer",
    "get_viewer",
    "groups_of_socket",
    "list_signed_in",
    "viewer_of",
    "viewer_required",
]
