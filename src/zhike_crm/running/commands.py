"""`zhike init`, `serve`, `worker`, `demo`: running the server. `zhike.cli.plugins` finds these."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import click
import django  # noqa: F401 - without the server's packages these commands are not offered

from zhike.errors import EngineError, InputError
from zhike_crm.running.words import _

CORES = os.cpu_count() or 1


@click.command(help=_("Make a server ready, or upgrade it: tables, files, the first person."))
@click.option("--email", envvar="ZHIKE_OWNER_EMAIL", help=_("E-mail address of the first person, who owns all."))
@click.option("--password", envvar="ZHIKE_OWNER_PASSWORD", help=_("Their password; asked for when left out."))
@click.option("--workspace", envvar="ZHIKE_WORKSPACE", help=_("Name of the first workspace."))
@click.option("--no-input", is_flag=True, help=_("Ask nothing."))
def init(email: str | None, password: str | None, workspace: str | None, no_input: bool) -> None:
    from zhike_crm.running import installation

    installation.start_django()
    from django.conf import settings

    click.echo(_("Preparing {home} …", home=settings.ZHIKE_HOME))
    installation.prepare()
    if not installation.has_people():
        asks = not no_input and sys.stdin.isatty()
        if asks:
            email = email or click.prompt(_("Your e-mail address"))
            password = password or click.prompt(_("A password"), hide_input=True, confirmation_prompt=True)
            workspace = workspace or click.prompt(_("Name of your company"), default="Zhike")
        if email and password:
            installation.add_owner(email, password, workspace or "Zhike")
            click.echo(_("{email} owns the workspace {workspace}.", email=email, workspace=workspace or "Zhike"))
        else:
            click.echo(_("Nobody has an account yet: the first to sign up at {url} gets one.", url=settings.ZHIKE_URL))
    click.echo(_("Ready. Start it with: zhike serve"))


@click.command(help=_("Run the server: web and workers. Stops cleanly with Ctrl-C."))
@click.option("--host", default="127.0.0.1", show_default=True, help=_("Address to listen on; 0.0.0.0 for all."))
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help=_("Port to listen on."))
@click.option("--processes", default=CORES, show_default=True, type=click.IntRange(1), help=_("Web processes."))
@click.option("--threads", default=4, show_default=True, type=click.IntRange(1), help=_("Threads of each of them."))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(0), help=_("Workers in the background."))
def serve(host: str, port: int, processes: int, threads: int, workers: int) -> None:
    run_server(host, port, processes, threads, workers)


def run_server(host: str, port: int, processes: int, threads: int, workers: int) -> None:
    """Run until stopped.

    Raises:
        EngineError: the installation is not ready, or the port is taken.
    """
    from zhike_crm.running import installation, serving

    os.environ.setdefault("ZHIKE_URL", f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}")  # noqa: S104
    installation.start_django()
    from django.conf import settings
    from django.db import connections

    if installation.pending():
        raise EngineError(
            _("The database in {home} is not ready.", home=str(settings.ZHIKE_HOME)), fix=_("Run: zhike init.")
        )
    connections.close_all()
    if not is_free(host, port):
        raise EngineError(
            _("Port {port} is in use by another program.", port=port), fix=_("Choose another one with --port.")
        )
    click.echo(_("Zhike is at {url} (Ctrl-C stops it)", url=settings.ZHIKE_URL))
    background = [serving.worker(number + 1, workers) for number in range(workers)]
    serving.Supervisor([serving.web(host, port, processes, threads, "1GB"), *background]).run()


@click.command(help=_("Work in the background until stopped; for more machines, or more at once."))
def worker() -> None:
    from zhike_crm.running import work

    work.main()


@click.command(help=_("Save everything (database, lakes, files) into one file, while the server runs."))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    from zhike_crm.running import installation

    installation.start_django()
    from zhike_crm.running.backup.backup import back_up

    saved = back_up(file.resolve())
    size = f"{file.stat().st_size / 1e6:,.1f} MB"
    click.echo(
        _("Saved {rows} rows and {files} files in {file} ({size}).", **_counted(saved), file=str(file), size=size)
    )
    click.echo(_("It holds personal data and the key of the server: keep it as safe as those."))


@click.command(help=_("Bring a backup into an empty installation; SQLite or PostgreSQL, whichever it came from."))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    from zhike_crm.running import installation

    installation.start_django()
    from zhike_crm.running.backup import restore as restoring

    manifest = restoring.restore(file.resolve())
    rows = f"{sum(manifest['rows'].values()):,}"
    click.echo(_("Restored {rows} rows as of {moment}.", rows=rows, moment=manifest["made_at"]))
    click.echo(_("Ready. Start it with: zhike serve"))


def _counted(numbers: dict[str, int]) -> dict[str, str]:
    return {name: f"{number:,}" for name, number in numbers.items()}


@click.command(help=_("A workspace with real orders and simulated people, to look around in."))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("demo"))
@click.option("--data", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=_("The file of orders."))
@click.option("--language", type=click.Choice(["en", "zh"]), help=_("Language of the workspace."))
@click.option("--serve/--no-serve", "serves", default=True, help=_("Run the server afterwards."))
@click.option("--host", default="127.0.0.1", show_default=True, help=_("Address to listen on; 0.0.0.0 for all."))
@click.option("--port", type=click.IntRange(1, 65535), help=_("Port to listen on; default: a free one from 8000 on."))
def demo(folder: Path, data: Path | None, language: str | None, serves: bool, host: str, port: int | None) -> None:
    from zhike.language import current_language, speaking
    from zhike_crm.running.demo import build

    port = port or next((p for p in range(8000, 8100) if is_free(host, p)), 8000)
    with speaking(language or current_language()) as _nothing:
        build.use_folder(folder)
        build.build(folder, data or build.example(), language or current_language())
        click.echo("")
        click.echo(_("Sign in as {email} with the password: {password}", email=build.EMAIL, password=build.PASSWORD))
        if serves:
            run_server(host, port, CORES, 4, 1)
        else:
            click.echo(_("Start the server with: ZHIKE_HOME={home} zhike serve", home=folder / "home"))


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there.

    Raises:
        InputError: there is no such address on this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as unknown:
        raise InputError(_("{host} is no address of this machine.", host=host)) from unknown
    with socket.socket(found[0], socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(found[4])
        except OSError:
            return False
    return True
