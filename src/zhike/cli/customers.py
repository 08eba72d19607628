"""`zhike customers`: one customer with the reasons, or the first by any score."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from zhike.cli import output
from zhike.cli.identities import link, links
from zhike.cli.options import chosen_run, json_option, lake_option, run_option
from zhike.errors import SettingsError
from zhike.labels import label, names_of
from zhike.lake.lake import Lake
from zhike.lake.runs import scores_of
from zhike.language import _
from zhike.portrait import Portrait, portrait

SHOWN = ("customer_id", "value_tier", "grade", "stage", "rfm_score", "frequency", "monetary", "recency_days", "clv")
MONEY = ("monetary", "revenue", "clv", "prior_monetary", "profit")
CODED = ("value_tier", "grade", "octant", "stage", "stage4", "grid_cell", "churn_risk")


@click.group(help=_("Look at customers: one with the reasons, the first by any score. Link those who are one person."))
def customers() -> None:
    pass


customers.add_command(link)
customers.add_command(links)


@customers.command(help=_("One customer: scores, why, what to do next, latest orders."))
@click.argument("customer_id")
@run_option
@lake_option
@json_option
def show(customer_id: str, number: int | None, lake_url: str, as_machine: bool) -> None:
    with Lake(lake_url) as lake:
        found = portrait(lake, chosen_run(lake, number), customer_id)
    if as_machine:
        step = found.next_step()
        said = {"run": found.run.run, "reasons": found.reasons(), "next_step": step.action, "why_next": step.why}
        output.as_json(asdict(found) | said)
    else:
        _show(found)


def _show(found: Portrait) -> None:
    scores = found.scores
    named = [label(column, scores[column]) for column in ("value_tier", "grade", "stage") if scores[column]]
    name = found.profile.get("name") or found.profile.get("company") or ""
    as_of = _("as of {day}", day=f"{scores['as_of']}")
    output.say(" · ".join([found.customer_id, *([str(name)] if name else []), *named, as_of]))
    for sentence in found.reasons().values():
        output.say("  " + sentence)
    step = found.next_step()
    output.say(f"→ {step.action} {step.why}")
    if found.latest:
        rows = [(row["order_id"], f"{row['ordered_at']:%Y-%m-%d}", f"{row['amount']:,.2f}") for row in found.latest]
        output.table([_("Order"), _("Date"), _("Amount")], rows, title=_("Latest orders"))


@customers.command(help=_("The first customers by a score, with what they are."))
@click.option(
    "--by",
    default="clv",
    show_default=True,
    metavar="SCORE",
    help=_("Any column of the scores; customer_id lists everybody, also who never bought."),
)
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--ascending", is_flag=True, help=_("The lowest first."))
@click.option("--stage", help=_("Only this lifecycle stage."))
@click.option("--tier", help=_("Only this value tier."))
@run_option
@lake_option
@json_option
def top(
    by: str,
    count: int,
    ascending: bool,
    stage: str | None,
    tier: str | None,
    number: int | None,
    lake_url: str,
    as_machine: bool,
) -> None:
    with Lake(lake_url) as lake:
        run = chosen_run(lake, number)
        scores = scores_of(lake, run)
        if by not in scores.columns:
            raise SettingsError(
                "There is no score called {name}.",
                fix="Use one of: {known}.",
                name=by,
                known=", ".join(scores.columns),
            )
        for column, wanted in (("stage", stage), ("value_tier", tier)):
            if wanted is not None:
                scores = scores.filter(scores[column] == _code(column, wanted))
        order = [scores[by].asc() if ascending else scores[by].desc()]
        if by != "customer_id":
            order.append(scores.customer_id)
        chosen = scores.filter(scores[by].notnull()).order_by(order).limit(count)
        columns = list(dict.fromkeys([*SHOWN, by]))
        found = lake.engine.to_pyarrow(chosen if as_machine else chosen.select(*columns)).to_pylist()
    if as_machine:
        output.as_json(found)
    else:
        rows = [[_shown(c, row[c]) for c in columns] for row in found]
        output.table([_heading(c) for c in columns], rows, title=_("as of {day}", day=f"{run.as_of}"))


def _code(column: str, wanted: str) -> str:
    """The code of a stage or tier, given as code or as the name it is shown with, in either language.

    Raises:
        SettingsError: there is none; the message lists them.
    """
    codes = names_of(column)
    for code, name in codes.items():
        if wanted.lower() in (code, name.en.lower(), name.zh):
            return code
    raise SettingsError(
        "There is nothing called {wanted} here.", fix="Use one of: {known}.", wanted=wanted, known=", ".join(codes)
    )


def _shown(column: str, value: Any) -> Any:
    if column in MONEY and value is not None:
        return f"{value:,.2f}"
    return label(column, value) if column in CODED and value is not None else value


def _heading(column: str) -> str:
    headings = {
        "customer_id": _("Customer"),
        "value_tier": _("Value tier"),
        "grade": _("Grade"),
        "stage": _("Stage"),
        "rfm_score": _("RFM score"),
        "frequency": _("Purchases"),
        "monetary": _("Spent in the window"),
        "recency_days": _("Days since"),
        "clv": _("CLV"),
    }
    return headings.get(column, column)
