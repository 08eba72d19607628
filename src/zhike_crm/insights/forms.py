"""The settings of RFM as people set them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhike.errors import SettingsError
from zhike.rfm import RfmSettings
from zhike.settings import Settings

MODES = [("minmax", _("Min-max: weighted score between the worst and the best customer")),
         ("quantile", _("Quantile: scores 1 to 5, a fifth of the customers each"))]  # fmt: skip


class RfmForm(forms.Form):
    """Weights, thresholds and mode. `settings()` is checked by the library itself."""

    mode = forms.ChoiceField(label=_("mode"), choices=MODES, widget=forms.RadioSelect)
    weight_r = forms.FloatField(label=_("weight of recency"), min_value=0, max_value=1)
    weight_f = forms.FloatField(label=_("weight of frequency"), min_value=0, max_value=1)
    weight_m = forms.FloatField(label=_("weight of amount"), min_value=0, max_value=1)
    high = forms.FloatField(label=_("high value from"), min_value=0, max_value=1)
    potential = forms.FloatField(label=_("potential from"), min_value=0, max_value=1)
    general = forms.FloatField(
        label=_("general from"), min_value=0, max_value=1, required=False, help_text=_("Leave empty for three tiers.")
    )
    note = forms.CharField(label=_("why"), max_length=200, required=False)

    def __init__(self, data: Any = None, *, base: Settings, **kwargs: Any) -> None:
        super().__init__(data, initial=_initial(base.rfm), **kwargs)
        self._base = base
        for name in ("weight_r", "weight_f", "weight_m", "high", "potential", "general"):
            self.fields[name].widget.attrs["step"] = "0.05"

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not self.errors:
            try:
                self._settings = self._made(values)
            except SettingsError as wrong:
                raise forms.ValidationError(str(wrong)) from wrong
        return values

    def settings(self) -> Settings:
        return self._settings

    def _made(self, values: dict[str, Any]) -> Settings:
        thresholds = tuple(values[n] for n in ("high", "potential", "general") if values[n] is not None)
        weights = tuple(values[f"weight_{letter}"] for letter in "rfm")
        rfm = RfmSettings(weights, thresholds, values["mode"], grid_days=self._base.rfm.grid_days)
        return replace(self._base, rfm=rfm)


def _initial(rfm: RfmSettings) -> dict[str, Any]:
    initial = {f"weight_{letter}": weight for letter, weight in zip("rfm", rfm.weights, strict=True)}
    names = ("high", "potential", "general")
    initial |= dict(zip(names, rfm.thresholds, strict=False))
    return initial | {"mode": rfm.mode}
