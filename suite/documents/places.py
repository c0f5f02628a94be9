"""How lists of all kinds show a document."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.resources.public import Kind

DOCUMENT = Kind(url_name="documents:document", icon="fr-icon-file-text-line", untitled=_("Untitled document"), has_trash=True)
