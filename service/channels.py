"""The channels wired to an archive: what a watched folder hands in goes where, and what stands beside a refused file."""

from pathlib import Path

from intake.adapters.watched_folder import Glancing, WatchedFolder
from intake.channels.arrivals import Patience
from intake.errors import Rejected
from intake.ports import Delivery
from service.settings import Settings
from service.web.refusals import REJECTIONS, without_names


def watched(
    settings: Settings,
    folder: Path,
    delivery: Delivery,
    *,
    done: Path | None = None,
    patience: Patience | None = None,
    subfolders: bool = False,
    glance: Glancing | None = None,
) -> WatchedFolder:
    """Return the watcher of a folder; its private copies lie in `JUANZONG_HOME/station`. Raises DeliveryFailed when another one watches."""
    return WatchedFolder(
        folder.absolute(),
        delivery,
        station_home(settings),
        reason=reason,
        done=done,
        patience=patience,
        subfolders=subfolders,
        glance=glance,
    )


def station_home(settings: Settings) -> Path:
    """Return the private directory of the scanning station, made where it is missing."""
    home = settings.home / "station"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return home


def refusal(code: str, message: str, lang: str) -> str:
    """Return why a file was refused, in the operator's language (zh, en); what has no Chinese is said as it is."""
    if lang != "zh":
        return message
    said = without_names(message)  # where it names a batch or pages
    return said if said != message else str(REJECTIONS.get(code, message))


_LETTERS = {"sender": "不收这个发件人的信。", "no_attachment": "信里没有附件。"}


def reason(error: Rejected) -> str:
    """Return why a file or a letter was refused, in Chinese and in English, for whoever finds it in `refused`."""
    said = without_names(str(error))
    chinese = said if said != str(error) else REJECTIONS.get(error.code) or _LETTERS.get(error.code)
    return "".join(f"{line}\n" for line in (str(chinese) if chinese else "", str(error)) if line)
