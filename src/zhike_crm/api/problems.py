"""What went wrong, as `application/problem+json` (RFC 9457): what to change, in the language of who asks."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as BadRequest

from zhike.errors import ZhikeError
from zhike_crm.api.answers import as_json
from zhike_crm.ui.lists.conditions import BadCondition

log = logging.getLogger("zhike.api")


class Problem(Exception):
    """Stop and answer with this."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def problem(
    status: int, detail: Any, errors: list[dict[str, str]] | None = None, headers: dict[str, str] | None = None
) -> HttpResponse:
    body = {"type": "about:blank", "title": str(_TITLES[status]()), "status": status, "detail": str(detail)}
    if errors:
        body["errors"] = errors
    return HttpResponse(as_json(body), status=status, content_type="application/problem+json", headers=headers)


# Called when the sentence is needed, in the language of who asks.
_TITLES = {
    400: lambda: _("The request cannot be read"),
    401: lambda: _("Who asks is not known"),
    403: lambda: _("Not allowed"),
    404: lambda: _("Not found"),
    405: lambda: _("Not this way"),
    409: lambda: _("It does not fit what is there"),
    412: lambda: _("Somebody else was quicker"),
    413: lambda: _("Too large"),
    422: lambda: _("A value does not fit"),
    428: lambda: _("A condition is missing"),
    429: lambda: _("Too many requests"),
    500: lambda: _("A mistake of Zhike's"),
}


def install(api: NinjaAPI) -> None:
    """Make these the answers of an API."""
    for kind, handler in _HANDLERS.items():
        api.add_exception_handler(kind, handler)


def _stopped(request: HttpRequest, wrong: Problem) -> HttpResponse:
    return problem(wrong.status, wrong.detail, headers=wrong.headers)


def unknown() -> HttpResponse:
    """Whoever asks has shown nothing that is known."""
    fix = _("Send a valid access token: Authorization: Bearer zhk_… It may have expired or been revoked.")
    return problem(401, fix, headers={"WWW-Authenticate": "Bearer"})


def _unknown(request: HttpRequest, wrong: AuthenticationError) -> HttpResponse:
    return unknown()


def _forbidden(request: HttpRequest, wrong: PermissionDenied) -> HttpResponse:
    needed = str(wrong) or "?"
    return problem(403, _("The token may not do this. It needs the right: %(right)s.") % {"right": needed})


def _missing(request: HttpRequest, wrong: Http404) -> HttpResponse:
    return problem(404, _("There is nothing at this address, or not for this token."))


def _bad_request(request: HttpRequest, wrong: BadRequest) -> HttpResponse:
    errors = [{"where": ".".join(map(str, error["loc"])), "message": _sentence(error)} for error in wrong.errors[:50]]
    return problem(422, _("Change the values named below and send it again."), errors)


def _sentence(error: dict[str, Any]) -> str:
    name = str(error["loc"][-1])[:80]
    if error["type"] == "missing":
        return _("%(name)s is missing.") % {"name": name}
    if error["type"] == "extra_forbidden":
        return _("There is no field %(name)s.") % {"name": name}
    return _("%(name)s does not fit: %(said)s") % {"name": name, "said": error["msg"]}


def _invalid(request: HttpRequest, wrong: ValidationError) -> HttpResponse:
    by_field = wrong.message_dict if hasattr(wrong, "error_dict") else {"": wrong.messages}
    errors = [{"where": where, "message": text} for where, texts in by_field.items() for text in texts]
    return problem(422, " ".join(error["message"] for error in errors), errors)


def _said(request: HttpRequest, wrong: Exception) -> HttpResponse:
    return problem(422, wrong)


def _unfit(request: HttpRequest, wrong: Exception) -> HttpResponse:
    return problem(422, _("A number is too large, or a text holds characters that cannot be kept."))


def _unreadable(request: HttpRequest, wrong: Exception) -> HttpResponse:
    return problem(400, _("The body is not the form with a file that this address takes."))


def _http(request: HttpRequest, wrong: HttpError) -> HttpResponse:
    status = wrong.status_code if wrong.status_code in _TITLES else 400
    return problem(status, _("The body is not the JSON this address takes.") if status == 400 else wrong)


def _too_large(request: HttpRequest, wrong: RequestDataTooBig) -> HttpResponse:
    return problem(413, _("Send less at once."))


def _unexpected(request: HttpRequest, wrong: Exception) -> HttpResponse:
    log.exception("%s %s failed", request.method, request.path, exc_info=wrong)
    return problem(500, _("It was written to the log. Nothing was changed; try again later."))


_HANDLERS: dict[type[Exception], Any] = {
    Exception: _unexpected,
    Problem: _stopped,
    AuthenticationError: _unknown,
    PermissionDenied: _forbidden,
    Http404: _missing,
    BadRequest: _bad_request,
    ValidationError: _invalid,
    BadCondition: _said,
    ZhikeError: _said,
    OverflowError: _unfit,
    UnicodeEncodeError: _unfit,
    HttpError: _http,
    MultiPartParserError: _unreadable,
    RequestDataTooBig: _too_large,
}
