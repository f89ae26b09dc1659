"""The house: everything a flow needs, put together once by `bootstrap` and handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from service.access.policy import Actor
from service.errors import BadSetting

if TYPE_CHECKING:  # the ports of intake bring NumPy with them, which a search never needs
    from intake.batches.own_labels import OwnLabel
    from intake.model import Limits
    from intake.ports import PageReader
    from intake.templates import Forms, Template
    from retention.calendar import WorkCalendar
    from search.ports import SearchIndex
    from service.access.oidc import Provider
    from service.clock import Clock
    from service.records.database import Database
    from service.settings import Settings
    from vault.keyring import KeyRing
    from vault.vault import Vault

SYSTEM = Actor("system", owner=True)


@dataclass
class House:
    """Parts by name. Costly ones (index, reader) are made on first use: searching loads no OCR engine."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    keys: KeyRing
    make_index: Callable[[], SearchIndex]
    make_reader: Callable[[], PageReader]
    make_calendar: Callable[[], WorkCalendar]
    make_parts: Callable[[], Vault]
    # Tells the job queue that a document waits; a lost hint is found again by the sweeper.
    hint: Callable[[str], None] = lambda _document_id: None

    @cached_property
    def index(self) -> SearchIndex:
        """The search index."""
        return self.make_index()

    @cached_property
    def reader(self) -> PageReader:
        """What looks at files and reads their pages."""
        return self.make_reader()

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The calendar of working days."""
        return self.make_calendar()

    @cached_property
    def parts(self) -> Vault:
        """Where the sealed pieces of unfinished uploads lie."""
        return self.make_parts()

    @cached_property
    def company_sign_in(self) -> Provider | None:
        """The company's sign-in; None where the settings have none."""
        if not self.settings.oidc_issuer:
            return None
        from service.access.oidc import Provider

        secret_file = self.settings.oidc_client_secret_file
        try:
            secret = secret_file.read_text().strip() if secret_file else None
        except OSError as error:
            why = f"names {secret_file}, which cannot be read: {error.strerror}"
            raise BadSetting("JUANZONG_OIDC_CLIENT_SECRET_FILE", why) from error
        back_to = f"{self.settings.base_url}/sign-in/company/back"
        return Provider(self.settings.oidc_issuer, self.settings.oidc_client_id, secret, back_to)

    @cached_property
    def _forms(self) -> Forms:
        from intake.templates import Forms

        return Forms(self.settings.home / "forms")

    @property
    def own_forms(self) -> tuple[Template, ...]:
        """The company's own forms, as they lie in the folder forms of the data directory now."""
        return self._forms.now()

    @property
    def own_labels(self) -> tuple[OwnLabel, ...]:
        """The labels that the company prints itself, as they lie in the same folder now."""
        return self._forms.labels()

    def unusable_forms(self) -> dict[str, str]:
        """Return the files there that describe neither a form nor a label, each with what is wrong with it; as they lie there now."""
        from intake.templates import unusable

        return unusable(self.settings.home / "forms")

    @property
    def limits(self) -> Limits:
        """What one file may cost."""
        return self.settings.limits
