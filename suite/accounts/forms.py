"""What administrators of people fill in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from suite.accounts.access import administers_everybody, units_administered
from suite.accounts.models import Unit
from suite.accounts.viewer import Viewer

if TYPE_CHECKING:
    UnitChoice = forms.ModelChoiceField[Unit]
else:
    UnitChoice = forms.ModelChoiceField  # which takes no parameter when it runs


class UnitField(UnitChoice):
    """Units by their name, with that of the one they stand in."""

    def label_from_instance(self, obj: Unit) -> str:
        return f"{obj.name} ({obj.parent.name})" if obj.parent else obj.name


class UnitForm(forms.Form):
    """Where somebody works: among the units that `viewer` administers."""

    unit = UnitField(
        queryset=Unit.objects.none(), error_messages={"required": _("Choose one of the units that you administer.")}
    )

    def __init__(self, *given: Any, viewer: Viewer, **named: Any) -> None:
        super().__init__(*given, **named)
        field = self.fields["unit"]
        field.queryset = units_administered(viewer).select_related("parent")  # type: ignore[attr-defined]  # a ModelChoiceField, as written above
        field.required = not administers_everybody(viewer)


class PersonForm(UnitForm):
    """Somebody to bring in."""

    given_name = forms.CharField(max_length=100, error_messages={"required": _("Give the person\u2019s first name.")})
    usual_name = forms.CharField(max_length=100, error_messages={"required": _("Give the person\u2019s name.")})
    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": _("Give the mail address that the person signs in with."),
            "invalid": _("This is not a mail address: it looks like name@organisation.fr."),
        },
    )
