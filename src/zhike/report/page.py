"""The report: one HTML file that needs nothing else, neither a server nor the network."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from zhike.errors import LakeError, SettingsError
from zhike.inert import inert
from zhike.lake.lake import Lake
from zhike.lake.runs import Run
from zhike.language import LANGUAGES, _, speaking
from zhike.report.blocks import Section
from zhike.report.data import read_figures
from zhike.report.figures import ReportFigures
from zhike.report.growth import growth
from zhike.report.kinds import grid, kinds
from zhike.report.method import method
from zhike.report.numbers import day
from zhike.report.overview import glance
from zhike.report.stages import cohorts, stages
from zhike.report.trust import trust
from zhike.report.wording import days
from zhike.report.worth import value, who

SECTIONS = (glance, growth, kinds, grid, stages, value, who, cohorts, trust, method)
_TAGS = {"en": "en", "zh": "zh-Hans"}


def write_report(lake: Lake, run: Run, destination: Path, *, language: str) -> Path:
    """Write the report of a run and return where it is.

    Args:
        destination: the file; a folder gets `zhike-report-<as of>-<language>.html`.
        language: "en" or "zh".

    Raises:
        LakeError: the lake has no scores, or the file cannot be written.
        SettingsError: another language.
    """
    if language not in LANGUAGES:
        raise SettingsError(
            "A report in {language} is not possible.", fix="Use one of: {known}.", language=language, known="en, zh"
        )
    if destination.is_dir():
        destination = destination / f"zhike-report-{run.as_of.isoformat()}-{language}.html"
    page = page_html(read_figures(lake, run), language=language)
    try:
        _write_whole(destination, page)
    except OSError as failed:
        raise LakeError(
            "The report {file} cannot be written: {reason}.",
            fix="Check the folder and free disk space.",
            file=str(destination),
            reason=failed.strerror or str(failed),
        ) from failed
    return destination


def page_html(figures: ReportFigures, *, language: str) -> str:
    """The whole page as text."""
    templates = Environment(
        loader=PackageLoader("zhike.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    with speaking(language):
        drawn: list[Section | None] = [section(figures) for section in SECTIONS]
        page = templates.get_template("page.html").render(
            tag=_TAGS[language],
            title=_("Customer report"),
            period=_period(figures),
            sections=[section for section in drawn if section is not None],
            words={
                "contents": _("Contents"),
                "numbers": _("The numbers as a table"),
                "promise": _("Know every customer. Prove every action."),
                "private": _(
                    "This file works offline and sends nothing anywhere. Charts explain themselves when pointed at."
                ),
            },
        )
    # Here, where all text has come together, no section can forget it.
    return inert(page, lines=True)


def _period(figures: ReportFigures) -> str:
    values = {"day": day(figures.run.as_of), "window": days(figures.window_days)}
    if figures.first_order is None:
        return _("As of {day}", **values)
    return _("As of {day} · records since {first} · window {window}", first=day(figures.first_order), **values)


def _write_whole(destination: Path, page: str) -> None:
    """Whole or not at all: whoever opens the old report meanwhile still sees it."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=destination.parent, prefix=".zhike-", suffix=".html", delete=False
    ) as file:
        written = Path(file.name)
        try:
            file.write(page)
            file.flush()
            # A temporary file is private; a report is as readable as any file its owner makes.
            umask = os.umask(0)
            os.umask(umask)
            written.chmod(0o666 & ~umask)
            written.replace(destination)
        except OSError:
            written.unlink(missing_ok=True)
            raise
