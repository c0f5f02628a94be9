"""What other apps may use of documents."""

from suite.documents.content import Paragraph
from suite.documents.models import Document
from suite.documents.services import document_create

__all__ = ["Document", "Paragraph", "document_create"]
