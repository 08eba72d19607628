"""Ready rules to begin with, by what they look at; usable where the data can answer them.

Each says what it needs. Where that is missing it is shown all the same, with what would unlock it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from zhike_crm.customers.lists import CustomerList
from zhike_crm.segments.gallery_parts import Known, Recipe, does, meets, recipe
from zhike_crm.segments.gallery_people import demographic, geographic


@dataclass(frozen=True)
class Group:
    """What rules of a kind look at."""

    title: str
    text: str
    recipes: list[Recipe]


def recipes(records: CustomerList) -> list[Group]:
    """Every ready rule, for somebody who sees this list."""
    known = Known(records)
    return [
        Group(_("Demographic"), _("Who they are: age, company or person, education."), demographic(known)),
        Group(_("Behavioural"), _("What they do: buy, buy again, complain, stay away."), _behavioural(known)),
        Group(
            _("Psychographic"),
            _("What they like and value: taste in categories, tags, answers, fields of your own."),
            _psychographic(known),
        ),
        Group(_("Geographic"), _("Where they are: country, city, shop."), geographic(known)),
    ]


def _behavioural(known: Known) -> list[Recipe]:
    orders = _("Orders, and a refresh after them.")
    best = {"all": [meets("value_tier", "any_of", ["high"]), meets("stage", "none_of", ["churn"])]}
    leaving = {"all": [meets("churn_risk", "any_of", ["high"]), meets("value_tier", "any_of", ["high", "potential"])]}
    cooling = {"all": [meets("value_tier", "any_of", ["high", "potential"]), meets("stage", "any_of", ["maintenance"])]}
    return [
        recipe(
            "best", _("The best, still here"), _("High value, and not in the stage Churn."), best, orders, known.scored
        ),
        recipe(
            "cooling",
            _("Good customers cooling down"),
            _("High value or potential, later than they usually are: worth a call now."),
            cooling,
            orders,
            known.scored,
        ),
        recipe(
            "leaving",
            _("Likely to leave, worth keeping"),
            _("High value or potential, and at high risk: the first ones to win back."),
            leaving,
            _("Enough orders for the model of leaving, and a refresh after them."),
            known.at_risk,
        ),
        recipe(
            "once",
            _("Bought once"),
            _("One order so far: the second one makes a customer."),
            meets("orders", "eq", 1),
            orders,
            known.scored,
        ),
        recipe(
            "frequent",
            _("Three orders in 90 days"),
            _("Those who buy often at the moment."),
            does("purchase", "at_least", 3, 90),
            orders,
            known.knows("purchase"),
        ),
        recipe(
            "complaining",
            _("Two tickets in 90 days"),
            _("Those who have asked for help more than once lately."),
            does("ticket", "at_least", 2, 90),
            _("Support tickets."),
            known.knows("ticket"),
        ),
        recipe(
            "unreached",
            _("Not written to in 60 days"),
            _("Those whom no campaign has reached lately."),
            does("touch", "none", None, 60),
            _("Campaign touches: whom you wrote to, and when."),
            known.knows("touch"),
        ),
    ]


def _psychographic(known: Known) -> list[Recipe]:
    category = known.common("purchase", "category")
    tag = known.common("profile", "tags")
    topic = known.common("feedback", "topic")
    subject = known.common("interaction", "subject")
    field = known.choice
    option = next(iter(field.by_code.values()), None) if field else None
    return [
        recipe(
            "taste",
            _("Taste: %(word)s") % {"word": category or "…"},
            _("Bought from this category twice or more. Put in the category that you mean."),
            does("purchase", "at_least", 2, None, ("category", "is", category)),
            _("Order lines with a category."),
            bool(category),
        ),
        recipe(
            "tagged",
            _("Tagged %(word)s") % {"word": tag or "…"},
            _("By the tags of the customer file: interests, way of life."),
            does("profile", "at_least", 1, None, ("tags", "contains", tag)),
            _("A customer file with a column for tags."),
            bool(tag),
        ),
        recipe(
            "interest",
            _("Looks at %(word)s") % {"word": subject or "…"},
            _("What they came for twice or more in 90 days, bought or not."),
            does("interaction", "at_least", 2, 90, ("subject", "is", subject)),
            _("Interactions with what they are about, such as pages that were seen."),
            bool(subject),
        ),
        recipe(
            "opinion",
            _("Spoke about %(word)s") % {"word": topic or "…"},
            _("Their answers were about this."),
            does("feedback", "at_least", 1, None, ("topic", "is", topic)),
            _("Feedback with a topic."),
            bool(topic),
        ),
        recipe(
            "choice",
            f"{field.label}: {option.label}" if field and option else _("A field of your own"),
            _("By a custom field, such as interests or values from a survey."),
            meets(field.name, "any_of", [option.code]) if field and option else {},
            _("A custom field with choices."),
            option is not None,
        ),
    ]
