"""Every sentence that pages and services show, as gettext's extraction finds it."""

from __future__ import annotations

import io
import re
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
ISLAND = re.compile(r'^    (\w+): "(.*)",$', re.MULTILINE)
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


def pairs() -> Iterator[tuple[str, str]]:
    """What is said in French and in English, on pages and islands; with the values' places in it."""
    for message in french():
        if message.id:
            texts = (message.id,), (message.string,)
            english, said = ([one] if isinstance(one, str) else list(one) for (one,) in texts)
            yield from zip(said, english, strict=False)
    for path in sorted((ROOT / "static" / "src").rglob("messages.ts")):
        spoken: dict[str, list[str]] = {}
        for key, words in ISLAND.findall(path.read_text()):
            spoken.setdefault(key, []).append(words)
        yield from ((fr, en) for fr, en in spoken.values())


def of_one_language() -> dict[str, set[str]]:
    """`fr` and `en`: what is said in that one alone, word for word."""
    both = [pair for pair in pairs() if not any("%(" in one or "{" in one for one in pair)]
    french, english = {fr for fr, _en in both}, {en for _fr, en in both}
    return {"fr": french - english, "en": english - french}


def french() -> Catalog:
    """`locale/fr`, as translators keep it."""
    with (ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale="fr")
