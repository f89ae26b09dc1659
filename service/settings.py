"""Settings: environment variables `JUANZONG_*`, over an optional TOML file named by `JUANZONG_CONFIG`.

A wrong setting stops start-up and is named; no secret is ever part of a message.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from service.errors import BadSetting

MODES = ("production", "test", "demo")
OCR_ENGINES = ("auto", "rapidocr", "tesseract")


@dataclass(frozen=True)
class Settings:
    """Everything a company or a machine may decide. Values here are defaults, never constants in the rules."""

    home: Path
    database_url: str = field(repr=False)
    object_store: str = field(repr=False)
    search: str = field(repr=False)
    key_file: Path
    ocr: str = "auto"
    ocr_threads: int = 2
    mode: str = "production"
    today: date | None = None
    max_bytes: int = 512 * 1024 * 1024
    max_pages: int = 2000
    max_pixels: int = 200_000_000
    render_dpi: int = 200
    our_companies: tuple[str, ...] = ()
    fonds: str = "J001"
    contract_template: str = "HT-{department}-{year}-{serial:04}"
    archive_by: str = "item"
    roll_over: bool = True
    waiting_days: int = 7
    major_amount: int = 10_000_000
    minor_amount: int = 50_000
    session_hours: int = 12
    host: str = "127.0.0.1"
    port: int = 8350
    public_url: str = ""

    @property
    def base_url(self) -> str:
        """The address people use to reach the application."""
        return self.public_url or f"http://{self.host}:{self.port}"


def _file_values(env: Mapping[str, str]) -> dict[str, object]:
    name = env.get("JUANZONG_CONFIG")
    if not name:
        return {}
    try:
        with Path(name).open("rb") as file:
            return {key.lower(): value for key, value in tomllib.load(file).items()}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadSetting("JUANZONG_CONFIG", f"cannot be read: {error}") from error


class _Source:
    """Looks a name up in the environment first, then in the file, and turns it into its type."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._file = _file_values(env)

    def text(self, name: str, default: str = "") -> str:
        value = self._env.get(f"JUANZONG_{name.upper()}")
        if value is None or value == "":
            value = str(self._file.get(name, default))
        return value

    def whole(self, name: str, default: int, least: int = 1) -> int:
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError as error:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"needs a whole number, not {value!r}") from error
        if number < least:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"must be {least} or more, not {number}")
        return number

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in options:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"must be one of {', '.join(options)}, not {value!r}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.choice(name, ("true", "false", "1", "0", "True", "False"), "true" if default else "false")
        return value.lower() in ("true", "1")

    def names(self, name: str) -> tuple[str, ...]:
        value = self._file.get(name)
        if isinstance(value, list) and f"JUANZONG_{name.upper()}" not in self._env:
            return tuple(str(item) for item in value)
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        try:
            scheme = urlsplit(value).scheme
        except ValueError:
            scheme = ""
        if scheme not in schemes:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"must begin with one of {', '.join(schemes)}")
        return value


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process. Raises BadSetting, naming the setting, at the first wrong one."""
    source = _Source(os.environ if env is None else env)
    home = Path(source.text("home", "./var")).expanduser().absolute()
    mode = source.choice("mode", MODES, "production")
    today_text = source.text("today")
    today = None
    if today_text:
        if mode not in ("test", "demo"):
            raise BadSetting(
                "JUANZONG_TODAY", "moves the calendar and is only allowed when JUANZONG_MODE is test or demo"
            )
        try:
            today = date.fromisoformat(today_text)
        except ValueError as error:
            raise BadSetting("JUANZONG_TODAY", f"must be a date YYYY-MM-DD, not {today_text!r}") from error
    database = source.url(
        "database_url", f"sqlite:///{home}/juanzong.db", ("sqlite", "postgresql", "postgresql+psycopg")
    )
    if database.startswith("postgresql://"):
        database = database.replace("postgresql://", "postgresql+psycopg://", 1)
    fonds = source.text("fonds", "J001")
    if not re.fullmatch(r"[A-Z0-9]{4}", fonds):
        raise BadSetting("JUANZONG_FONDS", f"must be 4 capital letters or digits, not {fonds!r}")
    return Settings(
        home=home,
        database_url=database,
        object_store=source.url("object_store", f"file://{home}/objects", ("file", "s3+http", "s3+https")),
        search=source.url("search", f"tantivy://{home}/index", ("tantivy", "http", "https")),
        key_file=Path(source.text("key_file", f"{home}/keys/master.key")).expanduser().absolute(),
        ocr=source.choice("ocr", OCR_ENGINES, "auto"),
        ocr_threads=source.whole("ocr_threads", 2),
        mode=mode,
        today=today,
        max_bytes=source.whole("max_bytes", Settings.max_bytes),
        max_pages=source.whole("max_pages", Settings.max_pages),
        max_pixels=source.whole("max_pixels", Settings.max_pixels),
        render_dpi=source.whole("render_dpi", Settings.render_dpi, least=72),
        our_companies=source.names("our_companies"),
        fonds=fonds,
        contract_template=source.text("contract_template", Settings.contract_template),
        archive_by=source.choice("archive_by", ("item", "file"), "item"),
        roll_over=source.flag("roll_over", default=True),
        waiting_days=source.whole("waiting_days", 7, least=0),
        major_amount=source.whole("major_amount", Settings.major_amount),
        minor_amount=source.whole("minor_amount", Settings.minor_amount),
        session_hours=source.whole("session_hours", 12),
        host=source.text("host", "127.0.0.1"),
        port=source.whole("port", 8350),
        public_url=source.text("public_url"),
    )
