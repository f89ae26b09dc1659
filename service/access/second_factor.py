"""One-time codes from a phone (TOTP, RFC 6238) and recovery codes: what a password alone does not open.

A person's secret is the first 160 bits of 32 random bytes, which the database holds wrapped by the master key. A code is taken
once: neither it nor an earlier one counts again. Recovery codes have 80 random bits each, so a plain hash keeps them.
"""

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service.access.hashes import digest
from service.errors import BadInput, RuleRefused
from service.house import House
from service.records import audit
from service.records.tables import Person, RecoveryCode, SecondFactor

STEP = 30  # seconds
DIGITS = 6
#: How many steps a phone's clock may be off, either way.
DRIFT = 1
SECRET_SIZE = 20  # bytes, as RFC 4226 recommends for SHA-1
RECOVERY_CODES = 10
_ISSUER = "Juanzong"
WRONG = "the code is wrong, was used already, or is no longer current"


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """Return the code of a time step: TOTP with SHA-1 (RFC 6238), which every authenticator knows."""
    # SHA-1 is what the standard has; HMAC with it is not touched by its collisions.
    made = TOTP(secret, digits, SHA1(), STEP, enforce_key_length=False)  # noqa: S303
    return made.generate(step * STEP).decode()


def step_of(secret: bytes, code: str, now: float, last_step: int) -> int | None:
    """Return the time step whose code this is, None when it is of none that counts now. now: seconds since 1970.

    last_step: of the last code that was taken; only later ones count (RFC 6238, 5.2).
    """
    present = int(now // STEP)
    for step in range(max(present - DRIFT, last_step + 1), present + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            return step
    return None


def uri_of(secret: bytes, login: str) -> str:
    """Return what the picture says to an authenticator (the otpauth address)."""
    return TOTP(secret, DIGITS, SHA1(), STEP, enforce_key_length=False).get_provisioning_uri(login, _ISSUER)  # noqa: S303


def spelled(secret: bytes) -> str:
    """Return a secret for typing: Base32 in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@dataclass(frozen=True)
class Standing:
    """How a person stands with their second factor. since: None until the first code was right."""

    since: datetime | None
    recovery_left: int


def is_required(house: House, person: Person) -> bool:
    """Return whether the settings demand a second factor of one of this person's roles."""
    demanded = house.settings.second_factor_roles
    return "all" in demanded or bool(set(demanded) & set(person.roles))


def is_enrolled(session: Session, person_id: str) -> bool:
    """Return whether a person has confirmed a second factor."""
    found = session.get(SecondFactor, person_id)
    return found is not None and found.confirmed_at is not None


def standing(house: House, person: Person) -> Standing:
    """Return how a person stands with their second factor."""
    with house.database.read() as session:
        found = session.get(SecondFactor, person.id)
        left = select(func.count()).where(RecoveryCode.person_id == person.id, RecoveryCode.used_at.is_(None))
        return Standing(found.confirmed_at if found else None, session.scalar(left) or 0)


def begin(house: House, person: Person) -> bytes:
    """Return the secret that is to be confirmed, the same until it is. Raises RuleRefused when there is a confirmed one."""
    with house.database.write() as session:
        found = session.get(SecondFactor, person.id)
        if found is None:
            _key, wrapped = house.keys.new(UUID(person.id))
            found = SecondFactor(
                person_id=person.id,
                wrapped=wrapped,
                master_key_id=house.keys.key_id,
                created_at=house.clock.now(),
                last_step=0,
            )
            session.add(found)
        elif found.confirmed_at is not None:
            raise RuleRefused("there is a second factor already; remove it first")
        return _secret(house, found)


def confirm(house: House, person: Person, code: str) -> list[str]:
    """Take the first code: from now on signing in needs one. Returns the recovery codes, which are shown once. Raises BadInput."""
    with house.database.write() as session:
        session.get(Person, person.id, with_for_update={"of": Person})
        found = session.get(SecondFactor, person.id)
        if found is None or found.confirmed_at is not None:
            raise RuleRefused("there is no second factor to be confirmed; begin again")
        if not _take(house, found, code):
            raise BadInput(f"code: {WRONG}", {"code": WRONG})
        found.confirmed_at = house.clock.now()
        codes = _new_codes(session, person.id)
        audit.append(session, f"person:{person.login}", "second_factor.add", f"person:{person.login}")
        return codes


def renew_codes(house: House, person: Person, code: str) -> list[str]:
    """Return fresh recovery codes; the old ones are void. Raises BadInput for a wrong code, RuleRefused without a second factor."""
    with house.database.write() as session:
        _demand(house, session, person, code)
        codes = _new_codes(session, person.id)
        audit.append(session, f"person:{person.login}", "second_factor.renew_codes", f"person:{person.login}")
        return codes


def remove(house: House, person: Person, code: str) -> None:
    """Do without a second factor from now on. Raises BadInput for a wrong code, RuleRefused where the role must have one."""
    if is_required(house, person):
        raise RuleRefused("a role of this person must have a second factor")
    with house.database.write() as session:
        _demand(house, session, person, code)
        forget(session, person.id)
        audit.append(session, f"person:{person.login}", "second_factor.remove", f"person:{person.login}")


def forget(session: Session, person_id: str) -> bool:
    """Delete a person's second factor and recovery codes, within the caller's transaction; returns whether there was one."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    found = session.get(SecondFactor, person_id)
    if found is not None:
        session.delete(found)
    return found is not None


def check(house: House, session: Session, person_id: str, code: str) -> str:
    """Take a code or a recovery code within the caller's write transaction, which holds the person's row; it works once.

    Returns which it was, code or recovery; "" when it is neither.
    """
    found = session.get(SecondFactor, person_id)
    if found is not None and found.confirmed_at is not None and _take(house, found, code):
        return "code"
    spare = session.get(RecoveryCode, digest(_bare(code)))
    if spare is not None and spare.person_id == person_id and spare.used_at is None:
        spare.used_at = house.clock.now()
        return "recovery"
    return ""


def _demand(house: House, session: Session, person: Person, code: str) -> None:
    session.get(Person, person.id, with_for_update={"of": Person})
    if not is_enrolled(session, person.id):
        raise RuleRefused("there is no second factor")
    if not check(house, session, person.id, code):
        raise BadInput(f"code: {WRONG}", {"code": WRONG})


def _secret(house: House, found: SecondFactor) -> bytes:
    return house.keys.unwrap(UUID(found.person_id), found.wrapped).secret[:SECRET_SIZE]


def _take(house: House, found: SecondFactor, code: str) -> bool:
    now = house.clock.now().timestamp()
    step = step_of(_secret(house, found), code.replace(" ", ""), now, found.last_step)
    if step is not None:
        found.last_step = step
    return step is not None


def _new_codes(session: Session, person_id: str) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    made = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=digest(code), person_id=person_id) for code in made)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in made]


def _bare(code: str) -> str:
    return code.replace("-", "").replace(" ", "").lower()
