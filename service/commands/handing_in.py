"""How the station hands files in: the options that say it, and the way in that they name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intake.model import Receipt
from intake.ports import Delivery
from service.commands.common import cli_actor, plain
from service.settings import Settings

if TYPE_CHECKING:
    from service.flow.intake.stacks import How

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


def split_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --split, --sides and --order, which say how a stack lies: `split`, `sides` (0: not said), `page_order`."""

    @wraps(command)
    def wrapper(*args: Any, split: bool, sides: int | None, page_order: str, **named: Any) -> Any:
        if not split and (sides or page_order != "as-scanned"):
            raise click.UsageError("--sides and --order go with --split")
        if sides == 1 and page_order == "two-pass":
            raise click.UsageError("--order two-pass scans both sides: --sides 2")
        return command(*args, split=split, sides=sides or 0, page_order=page_order.replace("-", "_"), **named)

    for option in (
        click.option(
            "--order",
            "page_order",
            type=click.Choice(["as-scanned", "two-pass"]),
            default="as-scanned",
            help="With --split: two-pass has all fronts first, then all backs, beginning with the last.",
        ),
        click.option("--sides", type=click.IntRange(1, 2), help="With --split: sides of a sheet that are scanned."),
        click.option("--split", is_flag=True, help="Cut stacks (PDF, TIFF) at separator sheets, a document each."),
    ):
        wrapper = option(wrapper)
    return wrapper


class Target:
    """Where files are handed in."""

    def __init__(self, server: str | None, token_file: Path | None, department: str | None) -> None:
        self._server, self._token_file, self._department = server, token_file, department

    def to_plain(self) -> dict[str, str]:
        """Return where, for a manifest; the token itself is in its file alone. Empty: not said."""
        token_file = str(self._token_file.absolute()) if self._token_file else ""
        return {"server": self._server or "", "token_file": token_file, "department": self._department or ""}

    @contextmanager
    def open(
        self, settings: Settings, channel: str, how: "How | None" = None, *, split: bool = False
    ) -> Iterator[Delivery]:
        """Give the way in: over the network, or into the archive on this machine. how: it was scanned so; split: cut stacks."""
        if self._server is not None and self._token_file is not None:
            yield _remote(settings, self._server, self._token_file, channel, how, split=split)
            return
        from service.access.people import department_by_code
        from service.bootstrap import build
        from service.flow.intake.delivery import LocalDelivery
        from service.jobs.queue import attach, open_queue

        house = build(settings)
        house.hint = attach(open_queue(settings), lambda: house)
        try:
            department_id = department_by_code(house, self._department).id if self._department else None
            note = how.told() if how is not None else {}
            yield LocalDelivery(house, cli_actor(), channel, department_id, note, how if split else None)
        finally:
            house.database.dispose()


def batch_of(receipt: Receipt | None) -> dict[str, str]:
    """Return what a line for programs says beside the rest of a stack: the batch in which its documents are."""
    return {"batch": receipt.batch} if receipt is not None and receipt.batch else {}


def said_of(receipt: Receipt) -> str:
    """Return under which name a person finds what was handed in."""
    return f"batch {plain(receipt.batch)}" if receipt.batch else receipt.document_id


def _remote(
    settings: Settings, server: str, token_file: Path, channel: str, how: "How | None", *, split: bool
) -> Delivery:
    from intake.adapters.tus_delivery import TusDelivery
    from service.channels import station_home

    more = {"channel": channel}
    if how is not None:
        told = ";".join(f"{name}={value}" for name, value in how.settings.items())
        said = {"sheets": str(how.sheets or ""), "sides": str(how.sides or ""), "device": how.device, "settings": told}
        said |= {"split": "true", "order": how.order, "portion": how.portion} if split else {}
        more |= {name: value for name, value in said.items() if value}
    try:
        return TusDelivery(server, token_file, station_home(settings) / "uploads", patience=_PATIENCE, more=more)
    except ValueError as error:
        raise click.UsageError(f"--server: {error}") from error
