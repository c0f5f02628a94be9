"""Every sentence that pages and services show, as gettext's extraction finds it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
Key = tuple[str | None, str]  # context, msgid


def sentences() -> dict[Key, set[str]]:
    """Each sentence of `suite/` and `templates/` with the files that show it."""
    found: dict[Key, set[str]] = {}
    for path, source in sources():
        for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
            singular = message if isinstance(message, str) else message[0]
            if singular:
                found.setdefault((context, singular), set()).add(str(path.relative_to(ROOT)))
    return found


def sources() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "suite").rglob("*.py")):
        yield path, path.read_text()
    for path in sorted((ROOT / "templates").rglob("*.html")):
        # Each line alone: Python's tokenizer would read the indentation of HTML as its own.
        yield path, "\n".join(line.strip() for line in templatize(path.read_text(), origin=str(path)).splitlines())


def french() -> Catalog:
    """`locale/fr`, as translators keep it."""
    with (ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale="fr")
