"""From a figure to the customers behind it: addresses of the list with conditions."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from zhike_crm.workspaces.models import Workspace

Condition = tuple[str, str, Any]


def everyone(workspace: Workspace) -> str:
    """The list without conditions."""
    return _list_of(workspace.slug)


@lru_cache(maxsize=256)
def _list_of(slug: str) -> str:
    """Found once: a page has dozens of links to the list, and Django looks for each."""
    return str(reverse("customer_list", args=[slug]))


def customers_meeting(workspace: Workspace, *conditions: Condition) -> str:
    """The list of customers who meet all conditions.

    >>> customers_meeting(workspace, ("value_tier", "any_of", ["high"]))
    '/w/shop/customers/?where=…'
    """
    tree = {"all": [{"column": column, "test": test, "value": value} for column, test, value in conditions]}
    return f"{everyone(workspace)}?{urlencode({'where': json.dumps(tree)})}"
