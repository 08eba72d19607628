"""How the figures were made: the run, its settings and inputs, and each formula in a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zhike.language import _, current_language
from zhike.report.blocks import Block, Facts, Folded, Section, Text
from zhike.report.figures import ReportFigures
from zhike.report.numbers import count, day, listing
from zhike.report.wording import days
from zhike.schema import CONTRACTS


def method(figures: ReportFigures) -> Section:
    """The run and everything that decided its scores."""
    run = figures.run
    answer = _(
        "Run {run} of Zhike {version}: {n} customers as of {day}. The same inputs and settings give the same "
        "scores again.",
        run=run.run,
        version=run.version,
        n=count(run.customers),
        day=day(run.as_of),
    )
    blocks: list[Block] = [
        Facts(_formulas(figures), title=_("Formulas")),
        Folded(_("Settings, inputs and timing"), [_settings(figures), _inputs(figures), _timing(figures)]),
        Text(
            _(
                "Refunds lower the order they belong to, not the day they are paid. A customer's purchases count up to "
                "and including {day}. Amounts are as in the files; currencies are not converted.",
                day=day(run.as_of),
            )
        ),
    ]
    return Section("method", _("Method"), _("How was this computed?"), answer, blocks)


def _formulas(figures: ReportFigures) -> tuple[tuple[str, str], ...]:
    settings = figures.run.settings
    rfm, stages = settings.get("rfm", {}), settings.get("lifecycle", {})
    weights = " / ".join(f"{w:g}" for w in rfm.get("weights", ()))
    bounds = listing([f"{t:g}" for t in rfm.get("thresholds", ())])
    return (
        (
            _("Active"),
            _("at least one purchase, net of refunds, in the {window} up to the day", window=days(figures.window_days)),
        ),
        (
            _("RFM score"),
            _(
                "wR·R′ + wF·F′ + wM·M′ with weights {weights} and mode {mode}; min-max: R′ = (maxR − R) / "
                "(maxR − minR), "
                "F′ and M′ likewise; tiers begin at {bounds}",
                weights=weights,
                mode=rfm.get("mode", "minmax"),
                bounds=bounds,
            ),
        ),
        (
            _("Grade"),
            _(
                "each of R, F, M is high from its mean on; VIP: all high; new: only R; dormant: only M; regular: "
                "the rest"
            ),
        ),
        (
            _("Stage"),
            _(
                "days since the last purchase over the customer's rhythm: slowing down from {slow}, gone from {churn} "
                "times; mature from {settled} purchase days",
                slow=f"{stages.get('slow_after', 1.5):g}",
                churn=f"{stages.get('churn_after', 3.0):g}",
                settled=stages.get("settled_after", 4),
            ),
        ),
        (_("Lifetime value"), _("average order value × purchases per year × lifespan in years × gross margin")),
        (
            _("Contribution"),
            _("a customer's share of all revenue; class A: the first 80 %, B: up to 95 %, C: the rest"),
        ),
        (_("Profit"), _("revenue − cost of goods − cost of service − cost of campaigns, where known")),
        (
            _("Cohort"),
            _("customers by the month of their first purchase in the records; share who bought again in a later month"),
        ),
    )


def _settings(figures: ReportFigures) -> Facts:
    # Nothing in the report depends on what it leaves out.
    shown = {name: value for name, value in figures.run.settings.items() if name != "churn"}
    pairs = [(name, _value(value)) for name, value in _flat(shown)]
    return Facts(tuple(pairs), title=_("Settings"))


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _value(value: Any) -> str:
    if value is None:
        return _("not set")
    if isinstance(value, list | tuple):
        return listing([_value(part) for part in value])
    return f"{value:g}" if isinstance(value, float) else str(value)


def _inputs(figures: ReportFigures) -> Facts:
    pairs = []
    for name, version in figures.run.inputs.items():
        # The first version of a table has no rows.
        if version:
            label = CONTRACTS[name].label(current_language()) if name in CONTRACTS else _("Linked identities")
            pairs.append((label, _("version {version}", version=version)))
    return Facts(tuple(pairs), title=_("Inputs"))


def _timing(figures: ReportFigures) -> Facts:
    run = figures.run
    steps = {"facts": _("Facts"), "models": _("Models"), "churn": _("Risk of leaving")}
    pairs = [(_("Engine"), run.engine), (_("Computed at"), f"{run.started_at:%Y-%m-%d %H:%M} UTC")]
    pairs += [(name, _("{n} s", n=f"{run.seconds[step]:.1f}")) for step, name in steps.items() if step in run.seconds]
    return Facts(tuple(pairs), title=_("Timing"))
