"""Settings: environment variables `JUANZONG_*`, over an optional TOML file named by `JUANZONG_CONFIG`.

A wrong setting stops start-up and is named; no secret is ever part of a message.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from service.errors import BadSetting
from service.typed import day_of

if TYPE_CHECKING:  # the parser of letters is loaded where there is a mailbox
    from intake.channels.mail import MailboxAddress
    from intake.model import Limits

MODES = ("production", "test", "demo")
OCR_ENGINES = ("auto", "rapidocr", "tesseract")


class FolderSetting(NamedTuple):
    """One folder of JUANZONG_FOLDERS. code: of its department, or empty. words: how it is scanned, see `FOLDER_WORDS`."""

    path: Path
    code: str = ""
    words: tuple[str, ...] = ()


class SmtpAddress(NamedTuple):
    """An SMTP server. user: "" where it wants none. implicit: TLS from the first byte on, otherwise after STARTTLS."""

    host: str
    port: int
    user: str
    implicit: bool


#: split: cut stacks at separator sheets; after it at most one of the others, which says how these were scanned.
FOLDER_WORDS = ("split", "one-sided", "two-sided", "two-pass")


def _agree(words: list[str]) -> bool:
    return words[0] == "split" and len(words) <= 2 and all(word in FOLDER_WORDS[1:] for word in words[1:])


@dataclass(frozen=True)
class Settings:
    """Everything a company or a machine may decide. Values here are defaults, never constants in the rules."""

    home: Path
    database_url: str = field(repr=False)
    object_store: str = field(repr=False)
    search: str = field(repr=False)
    key_file: Path
    key_secret_file: Path | None = None
    ocr: str = "auto"
    ocr_languages: str = ""
    ocr_threads: int = 1
    ocr_processes: int = 0
    web_processes: int = 0
    page_seconds: int = 60
    page_memory: int = 2048
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
    holidays: Mapping[date, bool] = field(default_factory=dict)
    waiting_days: int = 7
    transfer_notice_days: int = 7
    transfer_head_days: int = 1
    transfer_administrator_days: int = 7
    transfer_auditor_days: int = 30
    loan_notice_days: int = 3
    overdue_loan_days: int = 30
    milestone_notice_days: int = 7
    major_amount: int = 10_000_000
    minor_amount: int = 50_000
    expert_line: int = 5_000_000
    expert_turnover: int = 20_000_000
    assessment_notice_days: int = 30
    refresh_days: int = 90
    key_update_days: int = 3
    session_hours: int = 12
    session_idle_minutes: int = 60
    second_factor_roles: tuple[str, ...] = ()
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret_file: Path | None = None
    oidc_name: str = ""
    proxies: int = 0
    api_per_minute: int = 3000
    upload_hours: int = 72
    uploads_per_person: int = 100
    upload_bytes_per_person: int = 8 * 1024**3
    suite: str = "aes-256-gcm"
    replica: str = field(default="", repr=False)
    fixity_days: int = 7
    fixity_rate: int = 20
    host: str = "127.0.0.1"
    port: int = 8350
    public_url: str = ""
    folders: tuple[FolderSetting, ...] = ()
    mailbox: "MailboxAddress | None" = None
    mailbox_password_file: Path | None = None
    mailbox_senders: tuple[str, ...] = ()
    mailbox_department: str = ""
    mailbox_max_bytes: int = 64 * 1024 * 1024
    destruction_register: Path | None = None
    papers_from: date | None = None
    classified: str = "secret"
    separated_administrators: bool = False
    clamd: str = ""
    checkpoint_hours: int = 1
    tsa: str = field(default="", repr=False)
    tsa_ca: Path | None = None
    signature_roots: Path | None = None
    search_ca: Path | None = None
    search_api_key_file: Path | None = None
    search_shards: int = 1
    search_replicas: int = 0
    smtp: SmtpAddress | None = None
    smtp_password_file: Path | None = None
    smtp_from: str = ""
    smtp_ca: Path | None = None
    webhooks: tuple[str, ...] = field(default=(), repr=False)
    webhook_secret_file: Path | None = None
    webhook_ca: Path | None = None

    @property
    def reading_processes(self) -> int:
        """How many processes read pages at once: by default as many as the processors can feed."""
        return self.ocr_processes or max(1, (os.cpu_count() or 1) // self.ocr_threads)

    @property
    def serving_processes(self) -> int:
        """How many processes answer requests: by default one a processor, four at the most; in each Python works for one at a time."""
        return self.web_processes or min(len(os.sched_getaffinity(0)), 4)

    @property
    def limits(self) -> "Limits":
        """What one file may cost."""
        from intake.model import Limits

        roots = str(self.signature_roots or "")
        return Limits(self.max_bytes, self.max_pages, self.max_pixels, self.render_dpi, roots)

    @property
    def replica_place(self) -> str:
        """The address of the replica without its key; "" when there is none."""
        return place_of(self.replica)

    @property
    def base_url(self) -> str:
        """The address people use to reach the application."""
        return self.public_url or f"http://{self.host}:{self.port}"


def place_of(url: str) -> str:
    """Return a store's address without key and secret, so that it can be noted and compared."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0].rstrip('/')}" if url else ""


def _file_values(env: Mapping[str, str]) -> dict[str, object]:
    name = env.get("JUANZONG_CONFIG")
    if not name:
        return {}
    try:
        with Path(name).open("rb") as file:
            return {key.lower(): value for key, value in tomllib.load(file).items()}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadSetting("JUANZONG_CONFIG", f"cannot be read: {error}") from error


_PREFIX = "JUANZONG_"
# Where the settings file is, whether faults are shown whole, and what the test suite tells its own runs.
_NOT_SETTINGS = ("config", "debug", "test_", "require_servers", "pictures")


class _Source:
    """Looks a name up in the environment first, then in the file, and turns it into its type."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._file = _file_values(env)
        self._asked: set[str] = set()

    def demand_known(self) -> None:
        """Raise BadSetting for a name that nothing asked for: a misspelt setting would be silently without effect."""
        given = [name.removeprefix(_PREFIX).lower() for name in self._env if name.startswith(_PREFIX)]
        for name in [*given, *self._file]:
            if name not in self._asked and not name.startswith(_NOT_SETTINGS):
                near = difflib.get_close_matches(name, self._asked, 1)
                advice = f"; is {_PREFIX}{near[0].upper()} meant?" if near else ""
                raise BadSetting(f"{_PREFIX}{name.upper()}", f"is no setting of this program{advice}")

    def text(self, name: str, default: str = "") -> str:
        self._asked.add(name)
        value = self._env.get(f"JUANZONG_{name.upper()}")
        if value is None or value == "":
            value = str(self._file.get(name, default))
        return value

    def whole(self, name: str, default: int, least: int = 1, most: int | None = None) -> int:
        value = self.text(name, str(default))
        try:
            number = int(value)
        except ValueError as error:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"needs a whole number, not {value!r}") from error
        if number < least:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"must be {least} or more, not {number}")
        if most is not None and number > most:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"must be {most} or less, not {number}")
        return number

    def choice(self, name: str, options: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in options:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"must be one of {', '.join(options)}, not {value!r}")
        return value

    def languages(self, name: str) -> str:
        """Return languages of Tesseract (`deu+rus`) for the engines that have it, or nothing."""
        value = self.text(name)
        if value and not re.fullmatch(r"[A-Za-z_]{2,20}(\+[A-Za-z_]{2,20})*", value):
            raise BadSetting(f"JUANZONG_{name.upper()}", f"names languages of Tesseract, as deu+rus, not {value!r}")
        if value and self.text("ocr", "auto") == "rapidocr":
            raise BadSetting(
                f"JUANZONG_{name.upper()}", "goes with JUANZONG_OCR=auto or tesseract: RapidOCR knows none"
            )
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.choice(name, ("true", "false", "1", "0", "True", "False"), "true" if default else "false")
        return value.lower() in ("true", "1")

    def day(self, name: str) -> date | None:
        value = self.text(name)
        try:
            return day_of(value) if value else None
        except ValueError as error:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"must be a date YYYY-MM-DD, not {value!r}") from error

    def clamd(self, name: str) -> str:
        """unix:///path/of/socket or tcp://host:port; the port is clamd's own where none is given."""
        value = self.text(name)
        try:
            parts = urlsplit(value)
            good = parts.path.startswith("/") if parts.scheme == "unix" else parts.scheme == "tcp" and parts.hostname
            _ = parts.port
        except ValueError:
            good = False
        if value and not good:
            raise BadSetting(f"JUANZONG_{name.upper()}", "must be unix:///path/of/the/socket or tcp://host:port")
        return value

    def tsa(self) -> str:
        """The address of a time-stamping authority, which needs the certificates its answers lead to."""
        value = self.text("tsa")
        if value and not value.startswith(("http://", "https://")):
            raise BadSetting("JUANZONG_TSA", "must begin with http:// or https://")
        if value and not self.text("tsa_ca"):
            raise BadSetting(
                "JUANZONG_TSA_CA", "must name the file with the certificates that time stamps lead to (PEM)"
            )
        return value

    def folder(self, name: str) -> Path | None:
        """A folder that is there."""
        found = _file(self.text(name))
        if found and not found.is_dir():
            raise BadSetting(f"JUANZONG_{name.upper()}", "must name a folder that exists")
        return found

    def names(self, name: str) -> tuple[str, ...]:
        self._asked.add(name)
        value = self._file.get(name)
        if isinstance(value, list) and f"JUANZONG_{name.upper()}" not in self._env:
            return tuple(str(item) for item in value)
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())

    def company_sign_in(self, mode: str) -> dict[str, Any]:
        """Where the company's sign-in is, and who we are to it; all of it or nothing."""
        issuer, client_id = self.text("oidc_issuer"), self.text("oidc_client_id")
        secret, name = _file(self.text("oidc_client_secret_file")), self.text("oidc_name")
        if issuer:
            parts = urlsplit(issuer)
            allowed = ("https", "http") if mode == "test" else ("https",)
            if parts.scheme not in allowed or not parts.hostname or parts.query or parts.fragment:
                raise BadSetting(
                    "JUANZONG_OIDC_ISSUER", "must be an address that begins with https://, as the provider says it"
                )
            if not client_id:
                raise BadSetting("JUANZONG_OIDC_CLIENT_ID", "must say under which name the provider knows this archive")
        elif client_id or secret or name:
            raise BadSetting(
                "JUANZONG_OIDC_ISSUER", "must name the provider when other JUANZONG_OIDC settings are given"
            )
        return {
            "oidc_issuer": issuer,
            "oidc_client_id": client_id,
            "oidc_client_secret_file": secret,
            "oidc_name": name,
        }

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        try:
            scheme = urlsplit(value).scheme
        except ValueError:
            scheme = ""
        if scheme not in schemes:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"must begin with one of {', '.join(schemes)}")
        if value != default:
            try:
                _check_address(value, scheme)
            except ValueError as error:
                raise BadSetting(f"JUANZONG_{name.upper()}", str(error)) from None  # the cause may quote a password
        return value

    def folders(self, name: str) -> tuple[FolderSetting, ...]:
        """Return directories with the department that each belongs to, written DIR, DIR=CODE or DIR=CODE+split+…."""
        found = []
        for entry in self.names(name):
            directory, _, rest = entry.rpartition("=") if "=" in entry else (entry, "", "")
            code, *words = rest.split("+")
            if not Path(directory).is_absolute():
                raise BadSetting(f"JUANZONG_{name.upper()}", f"needs whole paths of directories, not {entry!r}")
            if words and not _agree(words):
                more = "one of +one-sided, +two-sided, +two-pass"
                raise BadSetting(f"JUANZONG_{name.upper()}", f"takes DIR=CODE+split, then {more}, not {entry!r}")
            found.append(FolderSetting(Path(directory), code, tuple(words)))
        if len({folder.path for folder in found}) < len(found):
            raise BadSetting(f"JUANZONG_{name.upper()}", "names a directory twice")
        return tuple(found)

    def escalation(self) -> dict[str, Any]:
        """When whom an open transfer comes to: days before its deadline, and behind it, in this order."""
        found = {"transfer_notice_days": self.whole("transfer_notice_days", 7, least=0, most=365)}
        least = 1
        for name in ("transfer_head_days", "transfer_administrator_days", "transfer_auditor_days"):
            found[name] = self.whole(name, getattr(Settings, name), least=least, most=3650)
            least = found[name]
        return found

    def holidays(self, name: str) -> dict[date, bool]:
        """Whether each day that a file of notices names is worked, nothing without one."""
        path = _file(self.text(name))
        if path is None:
            return {}
        from retention.adapters.notices import read_notices
        from retention.errors import RetentionError

        try:
            return read_notices(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            raise BadSetting(f"JUANZONG_{name.upper()}", f"names {path}, which is no text that can be read") from None
        except RetentionError as error:
            raise BadSetting(f"JUANZONG_{name.upper()}", f"names {path}, which says, in {error}") from None

    def mailbox(self, mode: str) -> "MailboxAddress | None":
        url = self.text("mailbox")
        if not url:
            return None
        from intake.channels.mail import parse_address

        try:
            address = parse_address(url, plain=mode == "test")
        except ValueError as error:
            raise BadSetting("JUANZONG_MAILBOX", str(error)) from None
        if not self.text("mailbox_password_file"):
            raise BadSetting("JUANZONG_MAILBOX_PASSWORD_FILE", "must name the file with the mailbox's password")
        if not self.names("mailbox_senders"):
            raise BadSetting(
                "JUANZONG_MAILBOX_SENDERS", "must say whose letters are taken: addresses, @domain, or * for everybody's"
            )
        return address

    def smtp(self) -> dict[str, Any]:
        """The server that e-mails leave by, smtps://USER@HOST[:465] or smtp://USER@HOST[:587], and whom they are from."""
        url, sender = self.text("smtp"), self.text("smtp_from")
        password, ca = _file(self.text("smtp_password_file")), _file(self.text("smtp_ca"))
        if not url:
            if sender or password or ca:
                raise BadSetting("JUANZONG_SMTP", "must name the server when other JUANZONG_SMTP settings are given")
            return {}
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise BadSetting("JUANZONG_SMTP", "has a host or a port that cannot be read") from None
        if parts.scheme not in ("smtp", "smtps") or not host or parts.path.strip("/") or parts.query:
            raise BadSetting("JUANZONG_SMTP", "must be smtps://USER@HOST:PORT, or smtp:// for STARTTLS")
        if parts.password is not None:
            raise BadSetting(
                "JUANZONG_SMTP", "holds a password: put it into the file that JUANZONG_SMTP_PASSWORD_FILE names"
            )
        if parts.username and password is None:
            raise BadSetting("JUANZONG_SMTP_PASSWORD_FILE", "must name the file with the password of the SMTP user")
        if not re.fullmatch(r"[^\s@<>]+@[A-Za-z0-9.-]+", sender, re.ASCII):
            raise BadSetting(
                "JUANZONG_SMTP_FROM", "must be the address that e-mails come from, such as juanzong@example.com"
            )
        implicit = parts.scheme == "smtps"
        address = SmtpAddress(host, port or (465 if implicit else 587), unquote(parts.username or ""), implicit)
        return {"smtp": address, "smtp_from": sender, "smtp_password_file": password, "smtp_ca": ca}

    def webhook_targets(self, mode: str) -> dict[str, Any]:
        """The addresses that are told of changes, and the file with the secret that signs what they get."""
        urls, secret = self.names("webhooks"), _file(self.text("webhook_secret_file"))
        ca = _file(self.text("webhook_ca"))
        for url in urls:
            try:
                parts = urlsplit(url)
                good = parts.hostname and parts.username is None and not parts.fragment and parts.port != 0
            except ValueError:
                good = False
            if not good or len(url) > 300 or parts.scheme not in (("https", "http") if mode == "test" else ("https",)):
                raise BadSetting("JUANZONG_WEBHOOKS", "takes addresses that begin with https://, without a password")
        if bool(urls) != bool(secret):
            raise BadSetting("JUANZONG_WEBHOOK_SECRET_FILE", "and JUANZONG_WEBHOOKS are given together or not at all")
        return {"webhooks": tuple(dict.fromkeys(urls)), "webhook_secret_file": secret, "webhook_ca": ca}

    def template(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value != default:
            from retention.errors import BadNumber
            from retention.numbers import contract_prefix

            try:
                contract_prefix(value, "XS", 2026)
            except BadNumber as error:
                raise BadSetting(f"JUANZONG_{name.upper()}", f"is no format of a number: {error}") from error
        return value


def _check_address(value: str, scheme: str) -> None:
    """Raise ValueError, without repeating any of `value`, unless its host and port can be used."""
    if scheme.startswith(("sqlite", "postgresql")):
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(value)
            host, port = url.host, url.port
        except (ArgumentError, ValueError):
            raise ValueError("cannot be read as user:password@host:port/name") from None
        if scheme == "sqlite" and (host or not url.database):
            raise ValueError("must be sqlite:/// and the path of a file")
    else:
        try:
            parts = urlsplit(value)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("has a host or a port that cannot be read") from None
        if scheme in ("http", "https", "s3+http", "s3+https") and not host:
            raise ValueError("names no host")
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("has a port that is not between 1 and 65535")


def _file(name: str) -> Path | None:
    return Path(name).expanduser().absolute() if name else None


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
            today = day_of(today_text)
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
    major, minor = (source.whole(f"{word}_amount", getattr(Settings, f"{word}_amount")) for word in ("major", "minor"))
    if minor > major:
        raise BadSetting("JUANZONG_MINOR_AMOUNT", f"({minor}) must not be more than JUANZONG_MAJOR_AMOUNT ({major})")
    settings = Settings(
        home=home,
        database_url=database,
        object_store=source.url("object_store", f"file://{home}/objects", ("file", "s3+http", "s3+https")),
        search=source.url("search", f"tantivy://{home}/index", ("tantivy", "http", "https")),
        key_file=Path(source.text("key_file", f"{home}/keys/master.key")).expanduser().absolute(),
        key_secret_file=_file(source.text("key_secret_file")),
        ocr=source.choice("ocr", OCR_ENGINES, "auto"),
        ocr_languages=source.languages("ocr_languages"),
        ocr_threads=source.whole("ocr_threads", Settings.ocr_threads),
        ocr_processes=source.whole("ocr_processes", 0, least=0, most=256),
        web_processes=source.whole("web_processes", 0, least=0, most=64),
        page_seconds=source.whole("page_seconds", Settings.page_seconds),
        page_memory=source.whole("page_memory", Settings.page_memory, least=0),
        mode=mode,
        today=today,
        max_bytes=source.whole("max_bytes", Settings.max_bytes),
        max_pages=source.whole("max_pages", Settings.max_pages),
        max_pixels=source.whole("max_pixels", Settings.max_pixels),
        render_dpi=source.whole("render_dpi", Settings.render_dpi, least=72),
        our_companies=source.names("our_companies"),
        fonds=fonds,
        contract_template=source.template("contract_template", Settings.contract_template),
        archive_by=source.choice("archive_by", ("item", "file"), "item"),
        roll_over=source.flag("roll_over", default=True),
        holidays=source.holidays("holidays"),
        waiting_days=source.whole("waiting_days", 7, least=0),
        **source.escalation(),
        loan_notice_days=source.whole("loan_notice_days", Settings.loan_notice_days, least=0, most=365),
        overdue_loan_days=source.whole("overdue_loan_days", Settings.overdue_loan_days, least=0, most=3650),
        milestone_notice_days=source.whole("milestone_notice_days", Settings.milestone_notice_days, least=0, most=365),
        major_amount=major,
        minor_amount=minor,
        expert_line=source.whole("expert_line", Settings.expert_line),
        expert_turnover=source.whole("expert_turnover", Settings.expert_turnover),
        assessment_notice_days=source.whole("assessment_notice_days", Settings.assessment_notice_days, least=0),
        refresh_days=source.whole("refresh_days", Settings.refresh_days),
        key_update_days=source.whole("key_update_days", Settings.key_update_days),
        session_hours=source.whole("session_hours", 12),
        session_idle_minutes=source.whole("session_idle_minutes", Settings.session_idle_minutes),
        second_factor_roles=source.names("second_factor_roles"),
        **source.company_sign_in(mode),
        proxies=source.whole("proxies", 0, least=0, most=10),
        api_per_minute=source.whole("api_per_minute", Settings.api_per_minute, least=0),
        upload_hours=source.whole("upload_hours", Settings.upload_hours),
        uploads_per_person=source.whole("uploads_per_person", Settings.uploads_per_person),
        upload_bytes_per_person=source.whole("upload_bytes_per_person", Settings.upload_bytes_per_person),
        suite=source.choice("suite", ("aes-256-gcm", "sm4-gcm"), Settings.suite),
        replica=source.url("replica", "", ("file", "s3+http", "s3+https")) if source.text("replica") else "",
        fixity_days=source.whole("fixity_days", Settings.fixity_days, least=0),
        fixity_rate=source.whole("fixity_rate", Settings.fixity_rate, least=0),
        host=source.text("host", "127.0.0.1"),
        port=source.whole("port", 8350, most=65535),
        public_url=source.text("public_url"),
        folders=source.folders("folders"),
        mailbox=source.mailbox(mode),
        mailbox_password_file=_file(source.text("mailbox_password_file")),
        mailbox_senders=source.names("mailbox_senders"),
        mailbox_department=source.text("mailbox_department"),
        mailbox_max_bytes=source.whole("mailbox_max_bytes", Settings.mailbox_max_bytes),
        destruction_register=_file(source.text("destruction_register")),
        papers_from=source.day("papers_from"),
        classified=source.choice("classified", ("internal", "secret", "core"), "secret"),
        separated_administrators=source.flag("separated_administrators", default=False),
        clamd=source.clamd("clamd"),
        tsa=source.tsa(),
        tsa_ca=_file(source.text("tsa_ca")),
        signature_roots=source.folder("signature_roots"),
        search_ca=_file(source.text("search_ca")),
        search_api_key_file=_file(source.text("search_api_key_file")),
        search_shards=source.whole("search_shards", Settings.search_shards, most=1024),
        search_replicas=source.whole("search_replicas", Settings.search_replicas, least=0, most=16),
        **source.smtp(),
        **source.webhook_targets(mode),
        checkpoint_hours=source.whole("checkpoint_hours", Settings.checkpoint_hours, most=24 * 31),
    )
    source.demand_known()
    return settings
