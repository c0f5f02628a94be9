"""The words of a document, as a test reads them."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, XmlFragment, XmlText

from suite.documents.content import FRAGMENT
from suite.documents.models import Document
from suite.documents.sync import store


def get_text(*, document: Document) -> str:
    """What is stored of it, one line a block."""
    return plain_text(store.covered(store.load(document.pk))[1])


def plain_text(update: bytes) -> str:
    """The words of an update, one line a block."""
    doc: Doc[Any] = Doc()
    doc.apply_update(update)
    lines: list[str] = []
    _lines_of(doc.get(FRAGMENT, type=XmlFragment), lines)
    return "\n".join(lines)


def _lines_of(node: Any, lines: list[str]) -> None:
    for child in node.children:
        if isinstance(child, XmlText):
            lines.append("".join(part for part, _style in child.diff() if isinstance(part, str)))
        else:
            _lines_of(child, lines)
