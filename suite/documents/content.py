"""Text written by the Suite itself, as the Yjs document that the editor reads.

The shape is BlockNote 0.51.4's, as its own `blocksToYDoc` writes it: the XML fragment `document-store` holds one `blockGroup`
of `blockContainer`s, each with its `id` and one `paragraph` or `heading`; styles are formatting attributes of the text.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pycrdt import Doc, XmlElement, XmlFragment, XmlText

FRAGMENT = "document-store"
LOOKS = {"backgroundColor": "default", "textColor": "default", "textAlignment": "left"}


@dataclass(frozen=True, slots=True)
class Run:
    """Some text in one style; `faint` is grey, for what is beside the point."""

    text: str
    bold: bool = False
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One block; `heading` is its level, 1 to 3, and 0 for plain text."""

    runs: tuple[Run, ...] = ()
    heading: int = 0

    @classmethod
    def spoken(cls, *, name: str, at: str, text: str) -> Paragraph:
        """A turn of a transcript: who, when (as people read it), and the words."""
        return cls(runs=(Run(name, bold=True), Run(f" {at} ", faint=True), Run(text)))

    @classmethod
    def plain(cls, text: str) -> Paragraph:
        return cls(runs=(Run(text),))


def first_update(paragraphs: Sequence[Paragraph] = ()) -> bytes:
    """A new document holding `paragraphs`, as one update; without any, an empty block to write in."""
    doc: Doc[Any] = Doc()
    fragment = doc.get(FRAGMENT, type=XmlFragment)
    with doc.transaction():
        group = XmlElement("blockGroup")
        fragment.children.append(group)
        for paragraph in paragraphs or (Paragraph(),):
            _append(group, paragraph)
    return doc.get_update()


def _append(group: XmlElement, paragraph: Paragraph) -> None:
    container = XmlElement("blockContainer", {"id": str(uuid.uuid4())})
    group.children.append(container)
    block = XmlElement("heading" if paragraph.heading else "paragraph", dict(LOOKS))
    container.children.append(block)
    if paragraph.heading:
        block.attributes["level"] = paragraph.heading
        block.attributes["isToggleable"] = False
    runs = [run for run in paragraph.runs if run.text]
    if not runs:
        return
    text = XmlText()
    block.children.append(text)
    place = 0
    for run in runs:
        text.insert(place, run.text, _style(run))
        place += len(run.text.encode())  # pycrdt counts bytes


def _style(run: Run) -> dict[str, Any]:
    style: dict[str, Any] = {}
    if run.bold:
        style["bold"] = {}
    if run.faint:
        style["textColor"] = {"stringValue": "gray"}
    return style
