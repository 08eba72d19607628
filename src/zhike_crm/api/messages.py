"""Messages of programs as Segment's libraries send them, read and checked one by one.

    identify   who somebody is: `userId` and `traits`
    track      what somebody did: `userId`, `event`, `properties`

`userId` is the customer's id in the company's own systems, as files have it. Names that are not known are left alone,
because those libraries send many; what would be kept is checked.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Annotated, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from zhike_crm.api.schemas import Text, plain

MOST = 1_000
# As Segment has it.
BYTES = 32 * 1024
KINDS = ("identify", "track")
# A clock may be a little fast.
_AHEAD = dt.timedelta(days=1)
_Object = Annotated[dict[str, Any], AfterValidator(plain), Field(max_length=255)]


class Message(Schema):
    """What identify and track share. Without `messageId` a repeated message is not recognised as one."""

    model_config = ConfigDict(coerce_numbers_to_str=True, str_strip_whitespace=True)

    messageId: Annotated[Text, Field(max_length=100)] = ""  # noqa: N815 - Segment's spelling
    userId: Annotated[Text, Field(min_length=1, max_length=200)]  # noqa: N815
    timestamp: dt.datetime | None = None
    source: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,40}$")] = "main"


class Identify(Message):
    traits: _Object = {}


class Track(Message):
    event: Annotated[Text, Field(min_length=1, max_length=200)]
    properties: _Object = {}


class Batch(Schema):
    """Up to 1,000 messages, each with its `type`: identify or track."""

    batch: Annotated[list[Any], Field(min_length=1, max_length=MOST)]


@dataclass(frozen=True)
class Read:
    """A message that can be stored, or why it cannot."""

    kind: str = ""
    message: Identify | Track | None = None
    wrong: str = ""


def read(given: Any) -> Read:
    """One message of a batch."""
    if not isinstance(given, dict) or given.get("type") not in KINDS:
        return Read(wrong=_("Set type to one of: %(kinds)s.") % {"kinds": ", ".join(KINDS)})
    kind = given["type"]
    try:
        message = (Identify if kind == "identify" else Track).model_validate(given)
    except (ValidationError, RecursionError) as wrong:
        return Read(kind, wrong=_first(wrong))
    return check(kind, message)


def check(kind: str, message: Identify | Track) -> Read:
    """Whether a message of the right shape can be kept."""
    content = content_of(message)
    if len(json.dumps(content, default=str)) > BYTES:
        return Read(kind, wrong=_("A message can have %(size)s bytes at most.") % {"size": BYTES})
    at = moment_of(message)
    if not dt.datetime(1990, 1, 1, tzinfo=dt.UTC) <= at <= timezone.now() + _AHEAD:
        return Read(kind, wrong=_("The timestamp lies in the future or before 1990."))
    return Read(kind, message)


def content_of(message: Identify | Track) -> dict[str, Any]:
    if isinstance(message, Identify):
        return {"traits": message.traits}
    return {"event": message.event, "properties": message.properties}


def moment_of(message: Message) -> dt.datetime:
    """When it happened; one without an offset is in UTC."""
    at = message.timestamp or timezone.now()
    return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at


def _first(wrong: Exception) -> str:
    if not isinstance(wrong, ValidationError):
        return _("The message is nested too deeply.")
    error = wrong.errors(include_url=False)[0]
    name = ".".join(map(str, error["loc"]))[:80]
    if name == "userId":
        return _("Give userId: what cannot be told whose it is cannot be kept.")
    return _("%(name)s does not fit: %(said)s") % {"name": name, "said": error["msg"]}
