"""The short way to the API. A program has a token and nothing else: no session, no cookie, no form, no page.

So its requests pass by what serves those, which would take longer than the answer itself. What stays is what any
answer needs: the installation's own host name, the language of the sentences, and headers that keep an answer from
being taken for a page. The page of the API and its description are for people and go the long way.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.handlers.exception import convert_exception_to_response
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import translation
from django.utils.translation import gettext as _

from zhike_crm.api.problems import problem
from zhike_crm.languages import in_language

PREFIX = "/api/v1/"
_FOR_PEOPLE = {"/api/v1/docs", "/api/v1/openapi.json"}
_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}


class Lane:
    """Middleware: requests to the API turn off here, all others go on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._answer = convert_exception_to_response(_answered)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX) or request.path_info in _FOR_PEOPLE:
            return self.get_response(request)
        language = translation.get_language_from_request(request)
        with in_language(language):
            response = self._answer(request)
        _finish(request, response, language)
        return response


def _answered(request: HttpRequest) -> HttpResponse:
    # Raises when the host is not one of ours.
    request.get_host()
    try:
        found = resolve(request.path_info)
        response = found.func(request, *found.args, **found.kwargs)
    except Http404:
        return problem(404, _("There is nothing at this address, or not for this token."))
    if response.status_code == 405:
        return problem(
            405, _("This address takes: %(methods)s.") % {"methods": response["Allow"]}, headers=_of(response)
        )
    return response


def _of(response: HttpResponse) -> dict[str, str]:
    return {"Allow": ", ".join(sorted(response["Allow"].split(", ")))}


def _finish(request: HttpRequest, response: HttpResponse, language: str) -> None:
    allowance = getattr(request, "allowance", None)
    for name, value in (_HEADERS | (allowance.headers if allowance else {})).items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Language", language)
    response.headers.setdefault("Content-Length", str(len(response.content)))
