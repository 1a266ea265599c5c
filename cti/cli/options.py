"""Options that several commands have."""

from pathlib import Path

import click

CONFIG = click.option(
    "--config",
    "config",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("config/cti.yaml"),
    show_default=True,
    help="The settings file.",
)
