"""From a figure to the customers behind it: addresses of the list with a condition."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from zhike_crm.workspaces.models import Workspace


def customers_where(workspace: Workspace, column: str, test: str, value: Any) -> str:
    """The list of customers who meet one condition.

    >>> customers_where(workspace, "value_tier", "any_of", ["high"])
    '/w/shop/customers/?where=…'
    """
    condition = {"all": [{"column": column, "test": test, "value": value}]}
    where = urlencode({"where": json.dumps(condition)})
    return f"{reverse('customer_list', args=[workspace.slug])}?{where}"
