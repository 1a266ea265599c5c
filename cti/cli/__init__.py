"""The command line."""

import sys
from typing import NoReturn

import click

from cti.cli import calls, prompts, recordings, routing, server
from cti.config.findings import ConfigError
from cti.errors import CtiError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cti-server", prog_name="cti")
def cti() -> None:
    """The contact-centre server and its tools."""


for command in (*server.COMMANDS, *routing.COMMANDS, prompts.prompts, calls.calls, recordings.recordings, calls.db):
    cti.add_command(command)


def main() -> NoReturn:
    """Runs the command line; an error of ours is a message and exit code 2, never a traceback."""
    try:
        cti(standalone_mode=False)
    except CtiError as error:
        several = isinstance(error, ConfigError) and len(error.findings) > 1
        text = f"\n{error}" if several else f" {error}"
        click.echo(f"{click.style('error:', fg='red', bold=True)}{text}", err=True)
        sys.exit(2)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    sys.exit(0)
