"""Ready rules to begin with, by what they look at; usable where the data can answer them.

Each says what it needs. Where that is missing it is shown all the same, with what would unlock it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from zhike_crm.customers.lists import CustomerList
from zhike_crm.customers.models import Customer, Score
from zhike_crm.segments.editing import vocabulary
from zhike_crm.ui.lists.columns import Column, Kind

Tree = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A ready rule. `lacks` says what data would make it usable; empty where it is."""

    code: str
    title: str
    text: str
    tree: Tree
    lacks: str = ""


@dataclass(frozen=True)
class Group:
    """What rules of a kind look at."""

    title: str
    text: str
    recipes: list[Recipe]


def recipes(records: CustomerList) -> list[Group]:
    """Every ready rule, for somebody who sees this list."""
    known = _Known(records)
    return [
        Group(_("Demographic"), _("Who they are: age, company or person, education."), _demographic(known)),
        Group(_("Behavioural"), _("What they do: buy, buy again, complain, stay away."), _behavioural(known)),
        Group(
            _("Psychographic"),
            _("What they like and value: taste in categories, tags, answers, fields of your own."),
            _psychographic(known),
        ),
        Group(_("Geographic"), _("Where they are: country, city, shop."), _geographic(known)),
    ]


class _Known:
    """What there is to ask about: filled columns of customers, words in the lake, custom fields with choices."""

    def __init__(self, records: CustomerList) -> None:
        self.columns = records.columns
        self._customers = Customer.objects.of(records.workspace).filter(deleted_at=None, merged_into=None)
        self._words = vocabulary(records.workspace)
        self.scored = Score.objects.of(records.workspace).exists()

    def common(self, event: str, detail: str) -> str:
        """The most common word of a detail; empty where nobody has written one."""
        return (self._words.get(event, {}).get(detail) or [""])[0]

    def does(self, event: str) -> bool:
        return event in self._words

    def has(self, **met: Any) -> bool:
        """Whether such a customer is there, if one may ask."""
        return self._customers.filter(**met).exists()

    def first(self, column: str) -> str:
        """What the first customer has there who has anything."""
        rows = self._customers.exclude(**{column: ""}).order_by("pk")
        found: str | None = rows.values_list(column, flat=True).first()
        return found or ""

    @property
    def choice(self) -> Column | None:
        """A custom field with choices."""
        return next((c for c in self.columns.values() if c.field is not None and c.kind is Kind.CHOICE), None)


def _demographic(known: _Known) -> list[Recipe]:
    ages = "age" in known.columns and known.has(birth_date__isnull=False)
    born = _("Customers with a date of birth, and the right to see it.")
    education = known.common("profile", "education")
    return [
        _recipe("young", _("Under 30"), _("Customers younger than 30."), _column("age", "lte", 29), born, ages),
        _recipe("older", _("60 and older"), _("Customers of 60 and more."), _column("age", "gte", 60), born, ages),
        _recipe(
            "companies",
            _("Companies"),
            _("Customers that are companies, not persons."),
            _column("kind", "any_of", ["company"]),
            _("Customers with a company in the customer file."),
            known.has(kind=Customer.Kind.COMPANY),
        ),
        _recipe(
            "education",
            _("Education: %(word)s") % {"word": education or "…"},
            _("By what the customer file says of their education."),
            _event("profile", "at_least", 1, None, ("education", "is", education)),
            _("A customer file with a column for education."),
            bool(education),
        ),
    ]


def _behavioural(known: _Known) -> list[Recipe]:
    orders = _("Orders, and a refresh after them.")
    best = {"all": [_column("value_tier", "any_of", ["high"]), _column("stage", "none_of", ["churn"])]}
    cooling = {
        "all": [_column("value_tier", "any_of", ["high", "potential"]), _column("stage", "any_of", ["maintenance"])]
    }
    return [
        _recipe("best", _("The best, still here"), _("High value, and not gone."), best, orders, known.scored),
        _recipe(
            "cooling",
            _("Good customers cooling down"),
            _("High value or potential, later than they usually are: worth a call now."),
            cooling,
            orders,
            known.scored,
        ),
        _recipe(
            "once",
            _("Bought once"),
            _("One order so far: the second one makes a customer."),
            _column("orders", "eq", 1),
            orders,
            known.scored,
        ),
        _recipe(
            "frequent",
            _("Three orders in 90 days"),
            _("Those who buy often at the moment."),
            _event("purchase", "at_least", 3, 90),
            orders,
            known.does("purchase"),
        ),
        _recipe(
            "complaining",
            _("Two tickets in 90 days"),
            _("Those who have asked for help more than once lately."),
            _event("ticket", "at_least", 2, 90),
            _("Support tickets."),
            known.does("ticket"),
        ),
        _recipe(
            "unreached",
            _("Not written to in 60 days"),
            _("Those whom no campaign has reached lately."),
            _event("touch", "none", None, 60),
            _("Campaign touches: whom you wrote to, and when."),
            known.does("touch"),
        ),
    ]


def _psychographic(known: _Known) -> list[Recipe]:
    category = known.common("purchase", "category")
    tag = known.common("profile", "tags")
    topic = known.common("feedback", "topic")
    field = known.choice
    option = next(iter(field.by_code.values()), None) if field else None
    return [
        _recipe(
            "taste",
            _("Taste: %(word)s") % {"word": category or "…"},
            _("Bought from this category twice or more. Put in the category that you mean."),
            _event("purchase", "at_least", 2, None, ("category", "is", category)),
            _("Order lines with a category."),
            bool(category),
        ),
        _recipe(
            "tagged",
            _("Tagged %(word)s") % {"word": tag or "…"},
            _("By the tags of the customer file: interests, way of life."),
            _event("profile", "at_least", 1, None, ("tags", "contains", tag)),
            _("A customer file with a column for tags."),
            bool(tag),
        ),
        _recipe(
            "opinion",
            _("Spoke about %(word)s") % {"word": topic or "…"},
            _("Their answers were about this."),
            _event("feedback", "at_least", 1, None, ("topic", "is", topic)),
            _("Feedback with a topic."),
            bool(topic),
        ),
        _recipe(
            "choice",
            f"{field.label}: {option.label}" if field and option else _("A field of your own"),
            _("By a custom field, such as interests or values from a survey."),
            _column(field.name, "any_of", [option.code]) if field and option else {},
            _("A custom field with choices."),
            option is not None,
        ),
    ]


def _geographic(known: _Known) -> list[Recipe]:
    country, city = known.first("country"), known.first("city")
    store = known.common("purchase", "store")
    places = _("Customers or orders with a country.")
    return [
        _recipe(
            "country",
            _("In %(place)s") % {"place": country or "…"},
            _("Customers of one country."),
            _column("country", "is", country),
            places,
            bool(country),
        ),
        _recipe(
            "abroad",
            _("Not in %(place)s") % {"place": country or "…"},
            _("Customers of all other countries."),
            {"all": [_column("country", "filled"), _column("country", "is_not", country)]},
            places,
            bool(country),
        ),
        _recipe(
            "city",
            _("In the city of %(place)s") % {"place": city or "…"},
            _("Customers of one city."),
            _column("city", "is", city),
            _("Customers with a city."),
            bool(city),
        ),
        _recipe(
            "store",
            _("Shops at %(place)s") % {"place": store or "…"},
            _("Bought there in the last year."),
            _event("purchase", "at_least", 1, 365, ("store", "is", store)),
            _("Orders with a shop."),
            bool(store),
        ),
    ]


def _recipe(code: str, title: str, text: str, tree: Tree, needs: str, there: bool) -> Recipe:
    return Recipe(code, title, text, tree, "" if there else needs)


def _column(name: str, test: str, value: Any = None) -> Tree:
    return {"column": name, "test": test, "value": value}


def _event(name: str, test: str, value: Any = None, days: int | None = None, *where: tuple[str, str, str]) -> Tree:
    details = [{"detail": detail, "test": how, "value": word} for detail, how, word in where]
    return {"event": name, "test": test, "value": value, "within_days": days, "where": details}
