"""`zhike`: the command line."""

from __future__ import annotations

import os
import sys

import click

from zhike.cli import output
from zhike.cli.advise import advise
from zhike.cli.bench import bench
from zhike.cli.customers import customers
from zhike.cli.imports import import_, imports
from zhike.cli.plugins import Commands
from zhike.cli.refresh import preview, refresh
from zhike.cli.report import report
from zhike.errors import LakeError, MappingError, ZhikeError
from zhike.inert import inert
from zhike.language import _
from zhike.version import __version__

# EX_SOFTWARE of sysexits.h
INTERNAL_ERROR = 70


@click.group(
    cls=Commands,
    help=_("Know every customer. Prove every action. Data in, customers scored and explained out."),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="zhike")
def cli() -> None:
    pass


for command in (import_, imports, refresh, preview, advise, customers, report, bench):
    cli.add_command(command)


def main() -> None:
    """Run a command; a `ZhikeError` becomes one sentence and its exit code, never a traceback."""
    machine = "--json" in sys.argv
    try:
        cli.main(standalone_mode=False)
    except ZhikeError as error:
        _fail(_said(error), error.exit_code, machine)
    except click.exceptions.Abort:
        _fail(_("Stopped. Nothing was changed."), 130, machine)
    except click.ClickException as error:
        if machine:
            _fail(error.format_message(), error.exit_code, machine)
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; that is not an error.
        sys.stderr.close()
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except OSError as error:
        said = _("The system refused: {reason}. Check free disk space and permissions.", reason=str(error))
        _fail(said, LakeError.exit_code, machine)
    except Exception as error:
        if os.environ.get("ZHIKE_DEBUG"):
            raise
        reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        said = _(
            "Something went wrong that should not: {reason}. Set ZHIKE_DEBUG=1 to see where, and please report it.",
            reason=reason,
        )
        _fail(said, INTERNAL_ERROR, machine)


def _said(error: ZhikeError) -> str:
    # The library says what is wrong with a mapping; how to put it right is the command line's to say.
    return f"{error} " + _("(--as TABLE, --map OURS=THEIRS)") if isinstance(error, MappingError) else str(error)


def _fail(sentence: str, exit_code: int, machine: bool) -> None:
    if machine:
        output.as_json({"error": sentence})
    else:
        click.secho(inert(sentence), fg="red", err=True)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
