"""What the worker looks after beside its reading: the folders on this server, the mailbox, and the upkeep of the objects."""

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from intake.adapters import mailbox
from intake.adapters.watched_folder import Arrival, WatchedFolder
from intake.channels.arrivals import pause
from intake.channels.mail import MailboxAddress
from intake.errors import DeliveryFailed, LetterUnavailable, MailboxUnavailable
from intake.model import Limits
from service import below as lines
from service.access.people import department_by_code
from service.bootstrap import without_settings
from service.channels import reason, station_home, watched
from service.errors import KNOWN_ERRORS, DatabaseUnavailable
from service.flow.intake import letters
from service.flow.intake.delivery import LocalDelivery
from service.flow.intake.stacks import How
from service.flow.upkeep import upkeep
from service.house import SYSTEM, House
from service.settings import FolderSetting
from service.worker_credit import watched as watched_credit
from service.worker_portfolio import watched as watched_portfolio
from service.worker_reports import watched as watched_reports

if TYPE_CHECKING:  # it brings OpenCV, which a worker without folders does not need
    from intake.glance import Below, Glance

_FOLDER_SECONDS = 2.0
_MAIL_SECONDS = 60.0
_DONE, _REFUSED = "done", "refused"
log = logging.getLogger("juanzong.channels")


def start(house: House) -> None:
    """Look after the objects and every channel that the settings name, each in a thread of its own, while this process lives.

    Whatever one meets, it goes on; a trouble that stays is logged once.
    """
    channels: list[Looked] = [
        *upkeep(house),
        *watched_credit(house),
        *watched_portfolio(house),
        *watched_reports(house),
        *(Folder(house, folder) for folder in house.settings.folders),
    ]
    if house.settings.mailbox is not None:
        channels.append(Mail(house, house.settings.mailbox))
    for channel in channels:
        threading.Thread(target=_look_after, args=(channel,), daemon=True).start()


class Looked(Protocol):
    """What is looked after: `look` is called every so many `seconds`, and less often while it fails."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    @property
    def seconds(self) -> float:
        """How long to wait between two looks."""

    def look(self) -> None:
        """Do what is to be done now."""


def _look_after(channel: Looked) -> None:
    said, failures = "", 0
    while True:
        try:
            channel.look()
        except Exception as error:  # noqa: BLE001 - the channel must outlive whatever it meets; nothing was moved
            known = isinstance(error, KNOWN_ERRORS)
            trouble = str(error) if known else f"unexpected {type(error).__name__}: {error}"
            failures += 1
            if trouble != said:
                log.warning("%s waits: %s", channel.name, trouble)
            said = trouble
        else:
            said, failures = "", 0
        time.sleep(max(channel.seconds, pause(failures) if failures else 0.0))


class Folder:
    """One folder of JUANZONG_FOLDERS."""

    seconds = _FOLDER_SECONDS

    def __init__(self, house: House, setting: FolderSetting) -> None:
        self.name = f"the folder {setting.path}"
        self._house, self._setting = house, setting
        self._glances = _Glances(house.limits)
        self._watcher: WatchedFolder | None = None

    def look(self) -> None:
        """Take in what is complete. Raises NotFound (no such department), DeliveryFailed (another process watches)."""
        if self._watcher is None:
            path, code, words = self._setting
            department_id = department_by_code(self._house, code).id if code else None
            delivery = LocalDelivery(self._house, SYSTEM, "folder", department_id, how=how_scanned(words))
            self._watcher = watched(self._house.settings, path, delivery, subfolders=True, glance=self._glances)
        with closing(self._glances):
            for arrival in self._watcher.poll():
                _tell(arrival)


def _tell(arrival: Arrival) -> None:
    for page in arrival.below:
        log.info("%s: %s", arrival.path, lines.said(page, "en"))
    if arrival.receipt is not None:
        what = arrival.receipt.document_id or f"batch {arrival.receipt.batch}"
        log.info("%s: %s %s", arrival.path, arrival.status, what)
    else:
        log.warning("%s: %s: %s", arrival.path, arrival.status, arrival.error)


class _Glances:
    """Looks at every file before it is handed in."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._glance: Glance | None = None

    def look(self, copy: Path, _path: Path) -> "Sequence[Below]":
        """Return the pages below the line."""
        from intake.glance import Glance

        if self._glance is None:
            self._glance = Glance(self._limits, without_settings())
        return self._glance.look(copy)

    def note(self, below: "Sequence[Below]") -> str:
        """Return what is to lie beside the file about them."""
        return lines.note(below)

    def close(self) -> None:
        """End the process that looks: beside the readers there is no memory for one that waits."""
        if self._glance is not None:
            self._glance.close()


def how_scanned(words: tuple[str, ...]) -> How | None:
    """Return how the stacks of a folder are scanned, by the words of its setting; None: each file is one document."""
    if "split" not in words:
        return None
    if "two-pass" in words:
        return How(sides=2, order="two_pass")
    return How(sides=1 if "one-sided" in words else 2 if "two-sided" in words else 0)


class Mail:
    """The mailbox of JUANZONG_MAILBOX."""

    seconds = _MAIL_SECONDS

    def __init__(self, house: House, address: MailboxAddress) -> None:
        self.name = f"the mailbox {address.user} at {address.host}"
        self._house, self._address = house, address
        self._spool = station_home(house.settings) / "mail"
        self._spool.mkdir(exist_ok=True, mode=0o700)
        self._later: dict[str, tuple[int, float]] = {}  # letters that failed: how often, and when they are tried again
        self._noticed: set[str] = set()  # letters whose notice is written, and which are still there
        for left in self._spool.glob("letter-*"):  # a worker was killed while it had an attachment in hand
            left.unlink(missing_ok=True)

    def look(self) -> None:
        """Read every letter that waits and put it away.

        Raises MailboxUnavailable, DeliveryFailed, DatabaseUnavailable, NotFound (no such department): the letters wait.
        """
        settings = self._house.settings
        code = settings.mailbox_department
        department_id = department_by_code(self._house, code).id if code else None
        with mailbox.opened(self._address, _password(settings.mailbox_password_file)) as box:
            waiting = box.letters()
            self._later = {number: later for number, later in self._later.items() if number in waiting}
            self._noticed &= set(waiting)
            for number in waiting:
                if number not in self._later or time.monotonic() >= self._later[number][1]:
                    self._take(box, number, department_id)

    def _take(self, box: mailbox.Mailbox, number: str, department_id: str | None) -> None:
        """Receive one letter and put it away. What lies in it alone keeps no other out: it is tried again ever later."""
        try:
            self._put_away(box, number, self._fate(box, number, department_id))
        except LetterUnavailable as error:
            self._postpone(number, str(error))
        except (MailboxUnavailable, DatabaseUnavailable):
            raise
        except DeliveryFailed as error:
            if not error.one_file:
                raise
            self._postpone(number, str(error))
        except Exception as error:  # noqa: BLE001 - a parser may trip over a letter in any way
            self._postpone(number, f"unexpected {type(error).__name__}: {error}")

    def _put_away(self, box: mailbox.Mailbox, number: str, fate: letters.Fate) -> None:
        """Say what was refused, once, then move the letter: killed between the two it is said again, and never not at all."""
        if fate.refusals and number not in self._noticed:
            box.add(_REFUSED, letters.notice(fate, self._address.user, reason))
            self._noticed.add(number)
        box.put_away(number, _DONE if fate.taken else _REFUSED)
        told = [f"{name} {error}".strip() for name, error in fate.refusals]
        log.info("letter of %s: %s", fate.letter.sender or "?", ", ".join([*fate.documents, *told]))

    def _fate(self, box: mailbox.Mailbox, number: str, department_id: str | None) -> letters.Fate:
        size = box.size(number)
        if size > self._house.settings.mailbox_max_bytes:
            return letters.too_large(self._house, size)
        return letters.take_letter(self._house, box.read(number), self._spool, department_id)

    def _postpone(self, number: str, why: str) -> None:
        failures = self._later.get(number, (0, 0.0))[0] + 1
        self._later[number] = (failures, time.monotonic() + pause(failures, longest=3600.0))
        log.warning("letter %s waits: %s", number, why)


def _password(path: Path | None) -> str:
    if path is None:
        raise MailboxUnavailable("JUANZONG_MAILBOX_PASSWORD_FILE names no file")
    try:
        return path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise MailboxUnavailable(f"JUANZONG_MAILBOX_PASSWORD_FILE: {path} cannot be read") from error
