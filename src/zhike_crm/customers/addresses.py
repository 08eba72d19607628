"""From a figure to the customers behind it: addresses of the list with conditions."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from zhike_crm.workspaces.models import Workspace

Condition = tuple[str, str, Any]


def everyone(workspace: Workspace) -> str:
    """The list without conditions."""
    return str(reverse("customer_list", args=[workspace.slug]))


def customers_meeting(workspace: Workspace, *conditions: Condition) -> str:
    """The list of customers who meet all conditions.

    >>> customers_meeting(workspace, ("value_tier", "any_of", ["high"]))
    '/w/shop/customers/?where=…'
    """
    tree = {"all": [{"column": column, "test": test, "value": value} for column, test, value in conditions]}
    return f"{everyone(workspace)}?{urlencode({'where': json.dumps(tree)})}"
