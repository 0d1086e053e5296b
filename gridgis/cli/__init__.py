"""The command line: `gridgis VERB`; results to stdout, talk to stderr, every refusal one line.

A command's module is imported when the command is called, so that each starts as fast as it can.
"""

import gc
import logging
import sys
import traceback
import uuid
from importlib import import_module
from pathlib import Path

import click

from gridgis import __version__
from gridgis.cli.terminal import printable
from gridgis.errors import ConfigError, Conflict, FaultsFound, GridgisError, InvalidInput, NotFound

EXIT_CODES: dict[type[GridgisError], int] = {
    InvalidInput: 2,
    FaultsFound: 3,
    NotFound: 4,
    Conflict: 5,
    ConfigError: 78,
    GridgisError: 1,
}
"""Exit code of an error: that of its own class, else of the nearest base."""

_OBJECTS_PER_COLLECTION = 100_000
_UNFORESEEN = 70
_INTERRUPTED = 130
_COMMANDS = {
    "init": ("setup", "Create or upgrade the database."),
    "check": ("grids", "List what is wrong with a file of grids."),
    "import": ("imports", "Bring grids, members, points, residents or incidents in."),
    "locate": ("locate", "Say which grid a place is in and who is responsible."),
    "assign": ("assign", "Add the grid of every point to a CSV or Parquet file."),
    "coverage": ("show", "Count the residents that service points reach."),
    "map": ("show", "Draw a coverage map as one self-contained HTML page."),
    "serve": ("setup", "Serve pages and API."),
    "demo": ("setup", "Load the sample city and serve it."),
}


class _LazyGroup(click.Group):
    """Knows the names of its commands; imports a command only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which they are needed."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"gridgis.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup)
@click.version_option(__version__, prog_name="gridgis")
def cli() -> None:
    """Find which grid a place is in, and who is responsible for it."""


def main() -> None:
    """Run the command line and exit with its code."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Half of a short command would be garbage collection: of what is imported, which stays, and of
    # everything once more at the end, when the process gives its memory back anyway.
    gc.set_threshold(_OBJECTS_PER_COLLECTION)
    code = run(sys.argv[1:])
    gc.freeze()
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; an error becomes one line and a code."""
    try:
        code = cli.main(arguments, prog_name="gridgis", standalone_mode=False)
    except click.exceptions.Exit as finished:
        return finished.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        return _explain(error)
    return code if isinstance(code, int) else 0


def _explain(error: BaseException) -> int:
    if isinstance(error, click.Abort | KeyboardInterrupt):
        click.echo("interrupted; nothing was left half done", err=True)
        return _INTERRUPTED
    if isinstance(error, click.ClickException):
        click.echo(f"gridgis: {error.format_message()}", err=True)
        return error.exit_code
    if isinstance(error, GridgisError):
        click.echo(f"gridgis: {printable(str(error), most=2000)}", err=True)
        return next(EXIT_CODES[base] for base in type(error).__mro__ if base in EXIT_CODES)
    click.echo(f"gridgis: {_keep_trace(error)}", err=True)
    return _UNFORESEEN


def _keep_trace(error: BaseException) -> str:
    """Write the trace of an error nobody foresaw to a file and say where it is."""
    path = Path(f"gridgis-error-{uuid.uuid4().hex[:8]}.log").resolve()
    try:
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        return "an internal error; run it again in a folder where a report can be written"
    return f"an internal error; please send {path} to the developers"
