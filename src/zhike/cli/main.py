"""`zhike`: the command line."""

from __future__ import annotations

import sys

import click

from zhike.cli import output
from zhike.cli.bench import bench
from zhike.cli.customers import customers
from zhike.cli.imports import import_, imports
from zhike.cli.refresh import preview, refresh
from zhike.cli.report import report
from zhike.errors import ZhikeError
from zhike.language import _
from zhike.version import __version__


@click.group(
    help=_("Know every customer. Prove every action. Data in, customers scored and explained out."),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="zhike")
def cli() -> None:
    pass


for command in (import_, imports, refresh, preview, customers, report, bench):
    cli.add_command(command)


def main() -> None:
    """Run a command; a `ZhikeError` becomes one sentence and its exit code, never a traceback."""
    machine = "--json" in sys.argv
    try:
        cli.main(standalone_mode=False)
    except ZhikeError as error:
        _fail(str(error), error.exit_code, machine)
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


def _fail(sentence: str, exit_code: int, machine: bool) -> None:
    if machine:
        output.as_json({"error": sentence})
    else:
        click.secho(output.inert(sentence), fg="red", err=True)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
