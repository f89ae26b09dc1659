"""`juanzong`: the command line. Each command lives in `service/commands/` and is loaded when it is called."""

import gc
import os
import sys
from importlib import import_module

import click

COMMANDS = {
    "init": "admin",
    "serve": "admin",
    "worker": "admin",
    "user": "admin",
    "department": "admin",
    "token": "admin",
    "paper": "rights",
    "grant": "rights",
    "ingest": "intake",
    "station": "station",
    "batch": "batch",
    "labels": "labels",
    "search": "reading",
    "show": "reading",
    "get": "reading",
    "extraction": "extraction",
    "reindex": "checks",
    "fixity": "checks",
    "audit": "trail",
    "evidence": "trail",
    "backup": "backup",
    "restore": "backup",
    "destructions": "backup",
    "keys": "keys",
    "doctor": "checks",
}


class LazyGroup(click.Group):
    """Loads a command's module only when that command is asked for: `search` starts without an OCR engine."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order of the manual."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"service.commands.{COMMANDS[cmd_name]}"), cmd_name)
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="juanzong", prog_name="juanzong")
def juanzong() -> None:
    """卷宗: contract and customer-credit archives, from the scanner to the certificate of destruction."""


def main() -> None:
    """Run the command line; exit codes are those of `service/errors.py`."""
    gc.disable()  # loading a command makes a great many objects and no garbage; looking for some takes a tenth of a search
    from service.commands.common import run

    os.umask(0o077)  # whatever the archive writes is its owner's alone
    sys.exit(run(juanzong))
