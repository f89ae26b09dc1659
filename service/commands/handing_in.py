"""How the station hands files in: the options that say it, and the way in that they name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from intake.ports import Delivery
from service.commands.common import cli_actor
from service.settings import Settings

#: Seconds without progress until a person is told; what went over the line until then is not sent again.
_PATIENCE = 30.0


def delivery_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --server, --token-file and --department; the command gets them together as `target`."""

    @wraps(command)
    def wrapper(*args: Any, server: str | None, token_file: Path | None, department: str | None, **named: Any) -> Any:
        if server is None and token_file is not None:
            raise click.UsageError("--token-file is for --server")
        if server is not None and token_file is None:
            raise click.UsageError("--server needs --token-file")
        if server is not None and department is not None:
            raise click.UsageError("over the network, documents belong to the department of the token's owner")
        return command(*args, target=Target(server, token_file, department), **named)

    for option in (
        click.option("--department", help="The code of the department the documents belong to."),
        click.option("--token-file", type=click.Path(path_type=Path), help="File with the token for --server."),
        click.option("--server", help="Hand in over the network to this address; without it, to the archive here."),
    ):
        wrapper = option(wrapper)
    return wrapper


class Target:
    """Where files are handed in."""

    def __init__(self, server: str | None, token_file: Path | None, department: str | None) -> None:
        self._server, self._token_file, self._department = server, token_file, department

    @contextmanager
    def open(self, settings: Settings, channel: str) -> Iterator[Delivery]:
        """Give the way in: over the network, or into the archive on this machine."""
        if self._server is not None and self._token_file is not None:
            yield _remote(settings, self._server, self._token_file)
            return
        from service.access.people import department_by_code
        from service.bootstrap import build
        from service.flow.delivery import LocalDelivery
        from service.jobs.queue import attach, open_queue

        house = build(settings)
        house.hint = attach(open_queue(settings), lambda: house)
        try:
            department_id = department_by_code(house, self._department).id if self._department else None
            yield LocalDelivery(house, cli_actor(), channel, department_id)
        finally:
            house.database.dispose()


def _remote(settings: Settings, server: str, token_file: Path) -> Delivery:
    from intake.adapters.tus_delivery import TusDelivery
    from service.channels import station_home

    try:
        return TusDelivery(server, token_file, station_home(settings) / "uploads", patience=_PATIENCE)
    except ValueError as error:
        raise click.UsageError(f"--server: {error}") from error
