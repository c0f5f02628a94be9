"""How lists of all kinds show a transcript."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from suite.resources.public import Kind

TRANSCRIPT = Kind(url_name="transcripts:transcript", icon="fr-icon-mic-line", untitled=_("Transcript"), has_trash=True)
