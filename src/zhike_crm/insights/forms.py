"""The settings of the models as people set them. The library itself checks every value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from zhike.assumptions import LONGEST_HORIZON_DAYS
from zhike.errors import SettingsError
from zhike.lifecycle import LifecycleSettings
from zhike.rfm import RfmSettings
from zhike.settings import Settings, ValueSettings
from zhike_crm.insights.models import NOTE

MODES = [("minmax", _("Min-max: weighted score between the worst and the best customer")),
         ("quantile", _("Quantile: scores 1 to 5, a fifth of the customers each"))]  # fmt: skip
MAX_WINDOW = 3650


class SettingsForm(forms.Form):
    """Some of the settings; `settings()` is those it was given with the changes of the form in them."""

    steps: dict[str, str] = {}

    def __init__(self, data: Any = None, *, base: Settings, **kwargs: Any) -> None:
        super().__init__(data, initial=self.initial_of(base), **kwargs)
        self._base = base
        self.fields["note"] = forms.CharField(label=_("why"), max_length=NOTE, required=False)
        for name, step in self.steps.items():
            self.fields[name].widget.attrs["step"] = step

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not self.errors:
            try:
                self._settings = self.made(self._base, values)
            except SettingsError as wrong:
                raise forms.ValidationError(str(wrong)) from wrong
        return values

    def settings(self) -> Settings:
        return self._settings

    @property
    def mistakes(self) -> str:
        return " ".join(text for errors in self.errors.values() for text in errors)

    def initial_of(self, base: Settings) -> dict[str, Any]:
        raise NotImplementedError

    def made(self, base: Settings, values: dict[str, Any]) -> Settings:
        raise NotImplementedError


class RfmForm(SettingsForm):
    """Weights, thresholds and mode."""

    steps = dict.fromkeys(("weight_r", "weight_f", "weight_m", "high", "potential", "general"), "0.05")

    mode = forms.ChoiceField(label=_("mode"), choices=MODES, widget=forms.RadioSelect)
    weight_r = forms.FloatField(label=_("recency weighs"), min_value=0, max_value=1)
    weight_f = forms.FloatField(label=_("frequency weighs"), min_value=0, max_value=1)
    weight_m = forms.FloatField(label=_("amount weighs"), min_value=0, max_value=1)
    high = forms.FloatField(label=_("high value from"), min_value=0, max_value=1)
    potential = forms.FloatField(label=_("potential from"), min_value=0, max_value=1)
    general = forms.FloatField(
        label=_("general from"), min_value=0, max_value=1, required=False, help_text=_("Leave empty for three tiers.")
    )

    def initial_of(self, base: Settings) -> dict[str, Any]:
        rfm = base.rfm
        initial = {f"weight_{letter}": weight for letter, weight in zip("rfm", rfm.weights, strict=True)}
        initial |= dict(zip(("high", "potential", "general"), rfm.thresholds, strict=False))
        return initial | {"mode": rfm.mode}

    def made(self, base: Settings, values: dict[str, Any]) -> Settings:
        thresholds = tuple(values[n] for n in ("high", "potential", "general") if values[n] is not None)
        weights = tuple(values[f"weight_{letter}"] for letter in "rfm")
        return replace(base, rfm=RfmSettings(weights, thresholds, values["mode"], grid_days=base.rfm.grid_days))


class LifecycleForm(SettingsForm):
    """When a customer counts as slow, gone, settled, rising or falling."""

    steps = {"slow_after": "0.1", "churn_after": "0.1", "settled_after": "1", "rise": "0.05", "fall": "0.05"}

    slow_after = forms.FloatField(
        label=_("slowing down after"), help_text=_("times their usual gap without a purchase"), min_value=0
    )
    churn_after = forms.FloatField(
        label=_("gone after"), help_text=_("times their usual gap without a purchase"), min_value=0
    )
    settled_after = forms.IntegerField(
        label=_("mature from"), help_text=_("days with a purchase"), min_value=2, max_value=1000
    )
    rise = forms.FloatField(label=_("growing from"), help_text=_("times the spending of the window before"))
    fall = forms.FloatField(label=_("falling below"), help_text=_("times the spending of the window before"))

    def initial_of(self, base: Settings) -> dict[str, Any]:
        return dict(vars(base.lifecycle))

    def made(self, base: Settings, values: dict[str, Any]) -> Settings:
        names = ("slow_after", "churn_after", "settled_after", "rise", "fall")
        return replace(base, lifecycle=LifecycleSettings(**{name: values[name] for name in names}))


class ValueForm(SettingsForm):
    """What the value models cannot find in the data, and the window that frequency and amount are counted in."""

    steps = {
        "margin": "0.1",
        "lifespan_years": "0.1",
        "cost_per_ticket": "0.01",
        "horizon_days": "1",
        "discount_rate": "0.1",
        "window_days": "1",
    }

    margin = forms.FloatField(
        label=_("gross margin, %"),
        min_value=0,
        max_value=100,
        required=False,
        help_text=_("Where the cost of goods is not on the orders. Empty: not known, and values are revenue."),
    )
    lifespan_years = forms.FloatField(
        label=_("customers last, years"),
        required=False,
        help_text=_("Empty: estimated from the share of customers who came back."),
    )
    cost_per_ticket = forms.FloatField(
        label=_("cost of a ticket"),
        min_value=0,
        required=False,
        help_text=_("Where a ticket's own cost is not known."),
    )
    horizon_days = forms.IntegerField(
        label=_("value to come looks ahead, days"), min_value=1, max_value=LONGEST_HORIZON_DAYS
    )
    discount_rate = forms.FloatField(
        label=_("discount rate, % a year"),
        min_value=0,
        max_value=100,
        help_text=_("What money that comes a year later is worth less."),
    )
    window_days = forms.IntegerField(
        label=_("window, days"),
        min_value=1,
        max_value=MAX_WINDOW,
        help_text=_("Frequency and amount are counted in it; every tier and stage depends on it."),
    )

    def initial_of(self, base: Settings) -> dict[str, Any]:
        value = base.value
        margin = None if value.margin is None else round(value.margin * 100, 6)
        return {
            "margin": margin,
            "lifespan_years": value.lifespan_years,
            "cost_per_ticket": value.cost_per_ticket,
            "horizon_days": value.horizon_days,
            "discount_rate": round(value.discount_rate * 100, 6),
            "window_days": base.window_days,
        }

    def made(self, base: Settings, values: dict[str, Any]) -> Settings:
        margin = None if values["margin"] is None else round(values["margin"] / 100, 8)
        rate = round(values["discount_rate"] / 100, 8)
        value = ValueSettings(margin, values["lifespan_years"], values["cost_per_ticket"], values["horizon_days"], rate)
        return replace(base, value=value, window_days=values["window_days"])
