"""What other apps may use of documents."""

from suite.documents.access import access_document
from suite.documents.content import Paragraph, Run
from suite.documents.models import Document
from suite.documents.services import document_create

__all__ = ["Document", "Paragraph", "Run", "access_document", "document_create"]
