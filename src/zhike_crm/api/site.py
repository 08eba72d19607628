"""API v1 as a whole, and its page for people."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET
from ninja import NinjaAPI

from zhike_crm.api import clusterings, customers, events, imports, jobs, lake, problems, segments, work
from zhike_crm.api.idempotency import HEADER, PATTERN
from zhike_crm.api.security import known_bearer, secret_of

DESCRIPTION = """
Send an access token (Access tokens in the navigation of a workspace) as `Authorization: Bearer zhk_…`. It decides
which workspace you work in and what you may do.

Lists come in pages: give `next` of one page as `cursor` of the next. A POST with an `Idempotency-Key` happens once,
however often it is sent within 24 hours. A PATCH with `If-Match` happens only if nobody changed the record meanwhile.
Problems are `application/problem+json`, in the language of `Accept-Language`.
"""

api = NinjaAPI(
    title="Zhike", version="1", description=DESCRIPTION, openapi_url=None, docs_url=None, urls_namespace="api"
)
for part in (customers, work, segments, clusterings, events, lake, imports, jobs):
    api.add_router("", part.router)
problems.install(api)


@require_GET
def schema(request: HttpRequest) -> HttpResponse:
    """The description of every address, for people who are signed in and for who has a token."""
    if not request.user.is_authenticated and known_bearer(request, secret_of(request)) is None:
        return problems.unknown()
    return HttpResponse(_described(get_language()), content_type="application/json")


@require_GET
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """The same as a page on which every address can be tried."""
    return render(request, "api/docs.html")


@cache
def _described(_language: str) -> bytes:
    """Ninja's own description, with the headers that some take, and problems as what they are.

    It takes half a second and says the same until the server starts anew: made once for a language.
    """
    described: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    for methods in described["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    response["content"] = {"application/problem+json": response["content"]["application/json"]}
        if "post" in methods and "multipart/form-data" not in str(methods["post"].get("requestBody", "")):
            header = {
                "in": "header",
                "name": HEADER,
                "required": False,
                "schema": {"type": "string", "pattern": PATTERN},
            }
            methods["post"].setdefault("parameters", []).append(header)
        if "patch" in methods and methods["patch"]["operationId"].endswith("change_customer"):
            header = {"in": "header", "name": "If-Match", "required": False, "schema": {"type": "string"}}
            methods["patch"].setdefault("parameters", []).append(header)
    return json.dumps(described, cls=DjangoJSONEncoder).encode()
