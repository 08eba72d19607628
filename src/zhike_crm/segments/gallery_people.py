"""Ready rules about who customers are and where they are."""

from __future__ import annotations

from django.utils.translation import gettext as _

from zhike_crm.customers.models import Customer
from zhike_crm.segments.gallery_parts import Known, Recipe, does, meets, recipe


def demographic(known: Known) -> list[Recipe]:
    ages = "age" in known.columns and known.has(birth_date__isnull=False)
    born = _("Customers with a date of birth, and the right to see it.")
    education = known.common("profile", "education")
    gender = known.first("gender") if "gender" in known.columns else ""
    return [
        recipe("young", _("Under 30"), _("Customers younger than 30."), meets("age", "lte", 29), born, ages),
        recipe("older", _("60 and older"), _("Customers of 60 and more."), meets("age", "gte", 60), born, ages),
        recipe(
            "companies",
            _("Companies"),
            _("Customers that are companies, not persons."),
            meets("kind", "any_of", ["company"]),
            _("Customers with a company in the customer file."),
            known.has(kind=Customer.Kind.COMPANY),
        ),
        recipe(
            "education",
            _("Education: %(word)s") % {"word": education or "…"},
            _("By what the customer file says of their education."),
            does("profile", "at_least", 1, None, ("education", "is", education)),
            _("A customer file with a column for education."),
            bool(education),
        ),
        *(
            recipe(
                name,
                _("%(column)s: %(word)s") % {"column": title, "word": word or "…"},
                _("By what the customer file says of them."),
                does("profile", "at_least", 1, None, (name, "is", word)),
                _("A customer file with a column for it."),
                bool(word),
            )
            for name, title, word in (
                ("occupation", _("Occupation"), known.common("profile", "occupation")),
                ("marital_status", _("Marital status"), known.common("profile", "marital_status")),
            )
        ),
        recipe(
            "gender",
            _("%(column)s: %(word)s") % {"column": _("Gender"), "word": gender or "…"},
            _("By what the customer file says of them."),
            meets("gender", "is", gender),
            _("Customers with a gender, and the right to see it."),
            bool(gender),
        ),
        *(
            recipe(
                column.name.replace(".", "_"),
                f"{column.label}: {choice.label}",
                _("By what the customer file says of them."),
                meets(column.name, "any_of", [choice.code]),
                "",
                True,
            )
            for column, choice in known.told
        ),
    ]


def geographic(known: Known) -> list[Recipe]:
    country, region, city = (known.first(column) for column in ("country", "region", "city"))
    store = known.common("purchase", "store")
    places = _("Customers or orders with a country.")
    return [
        recipe(
            "country",
            _("In %(place)s") % {"place": country or "…"},
            _("Customers of one country."),
            meets("country", "is", country),
            places,
            bool(country),
        ),
        recipe(
            "abroad",
            _("Not in %(place)s") % {"place": country or "…"},
            _("Customers of all other countries."),
            {"all": [meets("country", "filled"), meets("country", "is_not", country)]},
            places,
            bool(country),
        ),
        recipe(
            "region",
            _("In the region of %(place)s") % {"place": region or "…"},
            _("Customers of one region."),
            meets("region", "is", region),
            _("Customers with a region."),
            bool(region),
        ),
        recipe(
            "city",
            _("In the city of %(place)s") % {"place": city or "…"},
            _("Customers of one city."),
            meets("city", "is", city),
            _("Customers with a city."),
            bool(city),
        ),
        recipe(
            "store",
            _("Shops at %(place)s") % {"place": store or "…"},
            _("Bought there in the last year."),
            does("purchase", "at_least", 1, 365, ("store", "is", store)),
            _("Orders with a shop."),
            bool(store),
        ),
    ]
