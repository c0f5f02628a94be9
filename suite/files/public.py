"""What other apps may use of files."""

from suite.files.models import Blob
from suite.files.responses import blob_response
from suite.files.services import blob_delete, blob_path_or_copy, blob_store

__all__ = ["Blob", "blob_delete", "blob_path_or_copy", "blob_response", "blob_store"]
