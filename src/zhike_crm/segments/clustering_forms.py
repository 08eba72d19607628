"""The form that groups are looked for with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from zhike.segments.columns import LEAST_KNOWN
from zhike_crm.segments.clustering_actions import FEWEST_GROUPS, MOST_GROUPS
from zhike_crm.segments.models import Clustering
from zhike_crm.segments.traits import THEMES, Trait, listed
from zhike_crm.ui.templatetags.zhike import percent


@dataclass(frozen=True)
class Box:
    """A trait to tick. `known` of so many of the customers; of too few it cannot be used."""

    trait: Trait
    known: float
    ticked: bool

    @property
    def usable(self) -> bool:
        return self.known >= LEAST_KNOWN


@dataclass(frozen=True)
class Theme:
    """Traits to tick, and those that cannot be: too little is known."""

    title: Any
    boxes: list[Box]
    unknown: str


class GroupsForm(forms.Form):
    """What to tell customers apart by, and how many groups there are to be."""

    traits = forms.MultipleChoiceField(required=False)
    groups = forms.TypedChoiceField(
        label=gettext_lazy("How many groups"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=gettext_lazy("Left to the data, Zhike tries 2 to 8 and says why it took so many."),
    )
    name = forms.CharField(
        label=gettext_lazy("name"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Of the groups together; left empty, what they are told apart by."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        known: Mapping[str, Trait],
        shares: Mapping[str, float],
        follows: Clustering | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self._known, self._shares = known, shares
        self.fields["traits"].choices = [(name, trait.label) for name, trait in known.items()]
        usual = _("As many as the data say") if follows is None else _("As many as now")
        numbers = range(FEWEST_GROUPS, MOST_GROUPS + 1)
        said = [(n, ngettext("%(number)s group", "%(number)s groups", n) % {"number": n}) for n in numbers]
        self.fields["groups"].choices = [("", usual), *said]

    @property
    def themes(self) -> list[Theme]:
        """The boxes to tick, by what they are about."""
        ticked = set(self["traits"].value() or ())
        themes = []
        for code, title in THEMES.items():
            boxes = [
                Box(trait, self._shares.get(name, 0.0), name in ticked)
                for name, trait in self._known.items()
                if trait.theme == code
            ]
            if boxes:
                usable = [box for box in boxes if box.usable]
                unknown = (
                    f"{b.trait.label} ({percent(b.known)})" if b.known else b.trait.label for b in boxes if not b.usable
                )
                themes.append(Theme(title, usable, listed(unknown)))
        return themes

    def clean_traits(self) -> list[str]:
        wanted: list[str] = self.cleaned_data["traits"]
        if not wanted:
            raise forms.ValidationError(_("Tick what the customers are to be told apart by."))
        for name in wanted:
            if self._shares.get(name, 0.0) < LEAST_KNOWN:
                said = _("%(trait)s is known of %(share)s of the customers only; at least half is needed.")
                share = percent(self._shares.get(name, 0.0))
                raise forms.ValidationError(said % {"trait": self._known[name].label, "share": share})
        return wanted
