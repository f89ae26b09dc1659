"""The key pair that signs checkpoints: Ed25519 (RFC 8032), made with the archive, its private half wrapped by the master key."""

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.records.tables import AuditKey, new_id
from vault.errors import KeyUnusable
from vault.keyring import KeyRing


def ensure(session: Session, keys: KeyRing) -> AuditKey:
    """Return the key that signs, made where there is none yet, in the caller's write transaction."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    found = session.scalar(select(AuditKey).order_by(AuditKey.created_at.desc(), AuditKey.id).limit(1))
    if found is None:
        key_id = new_id()
        secret, wrapped = keys.new(UUID(key_id))
        public = Ed25519PrivateKey.from_private_bytes(secret.secret).public_key().public_bytes_raw().hex()
        found = AuditKey(
            id=key_id, public=public, wrapped=wrapped, master_key_id=keys.key_id, created_at=datetime.now(UTC)
        )
        session.add(found)
        session.flush()
    return found


def archive_id(session: Session) -> str:
    """Return what this archive is called in what it signs: the id of its first key; "" before there is one."""
    return session.scalar(select(AuditKey.id).order_by(AuditKey.created_at, AuditKey.id).limit(1)) or ""


def public_of(session: Session) -> str:
    """Return the public key that signs now; "" before there is one."""
    query = select(AuditKey.public).order_by(AuditKey.created_at.desc(), AuditKey.id).limit(1)
    return session.scalar(query) or ""


def sign(keys: KeyRing, row: AuditKey, content: bytes) -> str:
    """Return the signature of `content`, 128 hexadecimal digits. Raises KeyUnusable."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = Ed25519PrivateKey.from_private_bytes(keys.unwrap(UUID(row.id), row.wrapped).secret)
    if secret.public_key().public_bytes_raw().hex() != row.public:
        raise KeyUnusable(f"signing key {row.id} is not the one whose public half is on record")
    return secret.sign(content).hex()


def trusted(session: Session, keys: KeyRing) -> frozenset[str]:
    """Return the public keys whose private halves only our master key opens: nobody who has the database alone adds one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    found = set()
    for row in session.scalars(select(AuditKey)):
        try:
            secret = keys.unwrap(UUID(row.id), row.wrapped).secret
        except (KeyUnusable, ValueError):
            continue
        public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()
        if public == row.public:
            found.add(public)
    return frozenset(found)


def is_signed(public: str, signature: str, content: bytes) -> bool:
    """Return whether `signature` of `content` was made with the private half of `public`."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def fingerprint(public: str) -> str:
    """Return how a public key is named to people: SHA-256 of its 32 bytes, in groups of four."""
    digest = sha256(bytes.fromhex(public)).hexdigest()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))
