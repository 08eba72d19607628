"""The steps of the work that is going on, for a person who waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from zhike_crm.imports.models import Import, State
from zhike_crm.jobs.models import State as JobState

_STEPS = {
    State.LOOKING: (("reading", _("Reading the file")),),
    State.CHECKING: (("reading", _("Reading the file")), ("cleaning", _("Checking every row"))),
    State.IMPORTING: (
        ("reading", _("Reading the file")),
        ("cleaning", _("Checking every row")),
        ("comparing", _("Comparing with what is there")),
        ("committing", _("Writing")),
    ),
    State.UNDOING: (("undoing", _("Taking the rows out again")),),
}


@dataclass(frozen=True)
class Step:
    label: Any
    is_done: bool
    is_now: bool


def steps_of(imported: Import) -> list[Step]:
    """The steps of the job, with how far it is; none of them has begun while it waits for a worker."""
    known = _STEPS.get(State(imported.state), ())
    said = imported.job.step if imported.job else ""
    # What begins says so only when its process is up.
    begun = 0 if imported.job and imported.job.state == JobState.RUNNING else -1
    now = next((number for number, (code, _label) in enumerate(known) if code == said), begun)
    return [Step(label, number < now, number == now) for number, (_code, label) in enumerate(known)]
