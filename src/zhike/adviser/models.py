"""Which models fit a company's data, how far to trust each, and which data would unlock more.

Rules over what is there (`Inventory`) and over how the predictive models did on the company's own past (`Proof`). Each
rule says what it rests on, so that who doubts an advice can look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from zhike.adviser.inventory import RHYTHM, Inventory
from zhike.churn.scores import ENOUGH as ENOUGH_FOR_CHURN
from zhike.labels import WARNINGS, say
from zhike.language import _, current_language, speaking
from zhike.proof import LANGUAGES, Proof
from zhike.satisfaction.text.drivers import FEWEST as FEWEST_TEXTS
from zhike.schema import contract
from zhike.segments.clusters import FEWEST_CUSTOMERS
from zhike.value.clv_formula import ENOUGH_COVERED, ENOUGH_CUSTOMERS

Verdict = Literal["fits", "care", "locked"]

# Fewer customers than this say little of a whole company, and fewer answers little of what customers think.
ENOUGH, ENOUGH_ANSWERS = 20, 30
YEAR, QUARTER = 365, 90


@dataclass(frozen=True)
class Advice:
    """What to think of one model for these data.

    Args:
        model, goal: codes; `zhike.labels.label("model", …)` and `label("goal", …)` have their names.
        verdict: it fits; it runs, but is to be used with care; it cannot run yet.
        reasons: language → what that rests on.
        unlock: language → which data would make it better, or run at all; empty where nothing is missing.
    """

    model: str
    goal: str
    verdict: Verdict
    reasons: Mapping[str, str]
    unlock: Mapping[str, str]


class _Said(NamedTuple):
    """One advice in the language being spoken."""

    model: str
    goal: str
    verdict: Verdict
    why: str
    unlock: str = ""


def advise(
    stock: Inventory, proofs: Iterable[Proof] = (), *, window_days: int = YEAR, margin: float | None = None
) -> list[Advice]:
    """What to think of each model, by goal.

    Args:
        stock: what there is (`take_stock`).
        proofs: how the predictive models did; those without a proof were not asked yet.
        window_days: of RFM and the formula.
        margin: the gross margin, if the company told it.

    >>> some = advise(Inventory(buyers=500, returning=200, regular=90, purchases=1500, days=200))
    >>> [(advice.model, advice.verdict) for advice in some][:5]
    [('rfm', 'fits'), ('lifecycle', 'fits'), ('clusters', 'fits'), ('clv_formula', 'care'), ('purchases', 'locked')]
    >>> some[3].unlock["en"]
    'Orders of 694 days in all: then it can be measured how many customers come back.'
    """
    tested = {proof.subject: proof for proof in proofs}
    said = {}
    for language in LANGUAGES:
        with speaking(language):
            said[language] = _all(stock, tested, window_days, margin)
    return [
        Advice(
            one[0].model,
            one[0].goal,
            one[0].verdict,
            {language: words.why for language, words in zip(LANGUAGES, one, strict=True)},
            {language: words.unlock for language, words in zip(LANGUAGES, one, strict=True)},
        )
        for one in zip(*said.values(), strict=True)
    ]


def _all(stock: Inventory, tested: Mapping[str, Proof], window_days: int, margin: float | None) -> list[_Said]:
    return [
        _rfm(stock, window_days),
        _lifecycle(stock),
        _clusters(stock),
        _clv_formula(stock, window_days, margin),
        _purchases(stock, tested.get("clv")),
        _profit(stock, margin),
        _retention(stock),
        _churn(stock, tested.get("churn")),
        _warnings(stock),
        _satisfaction(stock),
        _opinions(stock),
    ]


def _orders_first(model: str, goal: str) -> _Said:
    return _Said(model, goal, "locked", _("Nobody has bought yet."), _("Orders, with customer, day and amount."))


def _rfm(stock: Inventory, window_days: int) -> _Said:
    if not stock.buyers:
        return _orders_first("rfm", "know")
    if stock.buyers < ENOUGH:
        return _Said("rfm", "know", "care", _("{n} customers have bought: too few to compare.", n=_n(stock.buyers)))
    why = _("Customers who have bought: {n}, on {days} days in all.", n=_n(stock.buyers), days=_n(stock.purchases))
    full = stock.days >= window_days
    more = "" if full else _("Orders of {days} days: the window is not full yet.", days=_n(window_days))
    return _Said("rfm", "know", "fits", why, more)


def _lifecycle(stock: Inventory) -> _Said:
    if not stock.buyers:
        return _orders_first("lifecycle", "know")
    why = _(
        "Customers with a rhythm of their own ({times} days with a purchase or more): {n}. The others are held against "
        "everybody's.",
        n=_n(stock.regular),
        times=RHYTHM,
    )
    return _Said("lifecycle", "know", "fits" if stock.regular >= ENOUGH else "care", why)


def _clusters(stock: Inventory) -> _Said:
    known = stock.profiled and stock.profiled >= stock.buyers / 2
    more = (
        "" if known else _("Customers with age, region, income …: groups by who they are, not only by what they buy.")
    )
    if max(stock.buyers, stock.profiled) < FEWEST_CUSTOMERS:
        return _Said("clusters", "know", "locked", _("Too few customers to form groups."), more)
    why = _(
        "Customers who can be grouped by how they buy: {n}; by who they are: {profiled}.",
        n=_n(stock.buyers),
        profiled=_n(stock.profiled),
    )
    return _Said("clusters", "know", "fits" if stock.buyers >= 10 * FEWEST_CUSTOMERS else "care", why, more)


def _clv_formula(stock: Inventory, window_days: int, margin: float | None) -> _Said:
    if not stock.buyers:
        return _orders_first("clv_formula", "worth")
    needed = round((1 + ENOUGH_COVERED) * window_days)
    if stock.days < needed or stock.buyers < ENOUGH_CUSTOMERS:
        why = _(
            "Averages of groups; how long customers stay is assumed: the orders cover {days} days.", days=_n(stock.days)
        )
        more = _("Orders of {days} days in all: then it can be measured how many customers come back.", days=_n(needed))
        return _Said("clv_formula", "worth", "care", why, more)
    why = _("Averages of groups; how long customers stay is measured.")
    more = _("The gross margin: until then it is revenue, not profit.") if margin is None else ""
    return _Said("clv_formula", "worth", "fits", why, more)


def _purchases(stock: Inventory, proof: Proof | None) -> _Said:
    if not stock.buyers:
        return _orders_first("purchases", "worth")
    verdict, why = _by_test(proof)
    more = _("Two years of orders or more: until a season repeats it looks like customers coming or leaving.")
    return _Said("purchases", "worth", verdict, why, "" if verdict == "fits" else more)


def _profit(stock: Inventory, margin: float | None) -> _Said:
    if stock.costed:
        why = _("Orders or lines that say what the goods cost: {n}.", n=_n(stock.costed))
        more = "" if stock.touches else _("What tickets and campaigns cost: then it is seen who is dear to serve.")
        return _Said("profit", "worth", "fits", why, more)
    if margin is not None:
        why = _("By the gross margin of the settings, the same for everybody.")
        return _Said(
            "profit", "worth", "care", why, _("The cost of goods with the orders: it differs by what is bought.")
        )
    more = _("The cost of goods with the orders, or the gross margin in the settings.")
    return _Said("profit", "worth", "locked", _("No costs are known."), more)


def _retention(stock: Inventory) -> _Said:
    if not stock.buyers:
        return _orders_first("retention", "keep")
    why = _("The orders cover {days} days.", days=_n(stock.days))
    more = "" if stock.days >= YEAR else _("A year of orders or more: then it is seen who comes back after months.")
    return _Said("retention", "keep", "fits" if stock.days >= QUARTER else "care", why, more)


def _churn(stock: Inventory, proof: Proof | None) -> _Said:
    verdict, why = _by_test(proof)
    signs = {"interactions": stock.interactions, "tickets": stock.tickets, "feedback": stock.nps + stock.csat}
    missing = [contract(name).label(current_language()) for name, rows in signs.items() if not rows]
    if stock.buyers < ENOUGH_FOR_CHURN:
        more = _("{n} customers with orders, or a column that says who left.", n=ENOUGH_FOR_CHURN)
    else:
        shows = _("{tables}: leaving shows there before it shows in the orders.", tables=_list(missing))
        more = shows if missing else ""
    return _Said("churn", "keep", verdict, why, more)


def _warnings(stock: Inventory) -> _Said:
    if not stock.buyers:
        return _orders_first("warnings", "keep")
    seen = {
        "activity": stock.buyers,
        "overdue": stock.regular,
        "interactions": stock.interactions,
        "carts": stock.carts,
        "competitor": stock.competitors,
        "complaints": stock.tickets + stock.nps + stock.csat,
    }
    blind = [say(WARNINGS[rule]) for rule, rows in seen.items() if not rows]
    why = _("{seen} of {all} can be seen in these data.", seen=len(seen) - len(blind), all=len(seen))
    more = _("Interactions (visits, carts) and tickets: they tell “{rules}”.", rules=_list(blind)) if blind else ""
    return _Said("warnings", "keep", "fits" if len(blind) < len(seen) / 2 else "care", why, more)


def _satisfaction(stock: Inventory) -> _Said:
    answers = stock.nps + stock.csat
    if not answers:
        more = _("Feedback: how likely customers are to recommend you (0–10), how satisfied they are (1–5).")
        return _Said("satisfaction", "listen", "locked", _("No answers yet."), more)
    why = _("Answers with a score: {n}.", n=_n(answers))
    return _Said("satisfaction", "listen", "fits" if answers >= ENOUGH_ANSWERS else "care", why)


def _opinions(stock: Inventory) -> _Said:
    if not stock.texts:
        more = _("Feedback with a text, in Chinese or English.")
        return _Said("opinions", "listen", "locked", _("No texts yet."), more)
    why = _("Answers with a text: {n}.", n=_n(stock.texts))
    if stock.texts >= FEWEST_TEXTS:
        return _Said("opinions", "listen", "fits", why)
    more = _("{n} texts: then it can be said which topics cost how many points.", n=FEWEST_TEXTS)
    return _Said("opinions", "listen", "care", why, more)


def _by_test(proof: Proof | None) -> tuple[Verdict, str]:
    if proof is None:
        return "locked", _("Not tested yet: the next refresh does that.")
    if not proof.model:
        return "locked", proof.reasons.get(current_language(), "")
    if proof.holds:
        return "fits", _("Tested on your own past: nearer than any answer without a model.")
    return "care", _("Tested on your own past: not proven. Good for groups at most, not for single customers.")


def _list(names: Sequence[str]) -> str:
    return ("、" if current_language() == "zh" else ", ").join(names)


def _n(number: Any) -> str:
    return f"{number:,}"
