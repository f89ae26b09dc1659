"""Trust: what keys, replicas, identity, access and the audit trail add to the second form, one function a topic.

Revision ID: 0003
Revises: 0002
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from service.records.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring a database of the second form to the third, with everything in it."""
    _fixity()
    _identity()
    _access()
    _audit()
    _checking()


def _checking() -> None:
    """The order in which documents wait for a person."""
    op.create_index(op.f("ix_documents_received_at_id"), "documents", ["received_at", "id"], unique=False)


def _access() -> None:
    """Papers (RULES B7 to B9), grants; an archive that has people already gets ninety days until papers are demanded."""
    op.create_table(
        "papers",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_by", sa.String(length=80), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_papers_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
    )
    op.create_index(op.f("ix_papers_person_id"), "papers", ["person_id"], unique=False)
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.String(length=80), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_grants_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    for name in ("person_id", "subject_id"):
        op.create_index(op.f(f"ix_grants_{name}"), "grants", [name], unique=False)
    op.create_table(
        "terms",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_terms")),
    )
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM people")):
        day = datetime.now(UTC).date() + timedelta(days=90)
        terms = sa.table("terms", sa.column("name", sa.String), sa.column("day", sa.Date))
        op.execute(terms.insert().values(name="papers", day=day))


def _identity() -> None:
    """Stations, places of wrong attempts, second factors, the company's sign-in; tokens of before keep all they could do."""
    op.add_column("people", sa.Column("kind", sa.String(length=8), nullable=False, server_default="person"))
    for name in ("failed_sign_ins", "locked_until"):
        op.drop_column("people", name)
    op.add_column("web_sessions", sa.Column("seen_at", UtcDateTime(), nullable=True))
    for name, length, default in (("address", 64, ""), ("stage", 8, ""), ("method", 8, "password")):
        op.add_column("web_sessions", sa.Column(name, sa.String(length), nullable=False, server_default=default))
    everything = '["read", "hand_in", "work", "administer"]'
    op.add_column("api_tokens", sa.Column("scopes", sa.JSON(), nullable=False, server_default=everything))
    op.add_column("api_tokens", sa.Column("networks", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("api_tokens", sa.Column("last_used_at", UtcDateTime(), nullable=True))
    op.add_column("api_tokens", sa.Column("last_address", sa.String(length=64), nullable=False, server_default=""))
    op.create_table(
        "sign_in_tallies",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        *(
            sa.Column(name, UtcDateTime(), nullable=True)
            for name in ("since", "failed_at", "blocked_until", "signed_in_at")
        ),
        sa.PrimaryKeyConstraint("person_id", "place", name=op.f("pk_sign_in_tallies")),
    )
    op.create_table(
        "second_factors",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master_key_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_second_factors_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id_people")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("linked_by", sa.String(length=80), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_identities_person_id_people")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
    )
    for table in ("recovery_codes", "identities"):
        op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"], unique=False)
    op.create_table(
        "company_sign_ins",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_company_sign_ins_person_id_people")),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_company_sign_ins")),
    )


def _fixity() -> None:
    """What was done about each object (locks, copies), and the verifications of all of them."""
    op.create_table(
        "object_states",
        sa.Column("name", sa.String(length=36), nullable=False),
        sa.Column("locked_until", sa.Date(), nullable=True),
        sa.Column("held", sa.String(length=8), nullable=False),
        sa.Column("copied_to", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_object_states")),
    )
    op.create_index(op.f("ix_object_states_copied_to"), "object_states", ["copied_to"], unique=False)
    op.create_table(
        "fixity_runs",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("position", sa.String(length=36), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("orphans", sa.Integer(), nullable=False),
        sa.Column("unfinished", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.String(length=120), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixity_runs")),
    )
    op.create_index(op.f("ix_fixity_runs_kind"), "fixity_runs", ["kind"], unique=False)
    op.create_table(
        "fixity_findings",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=36), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("document_id", sa.String(length=36), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("repaired", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["fixity_runs.id"], name=op.f("fk_fixity_findings_run_id_fixity_runs")),
        sa.PrimaryKeyConstraint("run_id", "name", "place", name=op.f("pk_fixity_findings")),
    )


_FIXED = "number, statement, signature, public, entries, at"
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
_NOT_REPLACED = """
CREATE TRIGGER {table}_is_not_replaced BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) {refuse}
"""


def _audit() -> None:
    """Keys that sign, checkpoints that nobody changes, and the one way around the old triggers: SQLite's INSERT OR REPLACE."""
    op.create_table(
        "audit_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("public", sa.String(length=64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master_key_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_keys")),
        sa.UniqueConstraint("public", name=op.f("uq_audit_keys_public")),
    )
    op.create_table(
        "checkpoints",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("public", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=True),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_checkpoints")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name, when in (("deleted", "DELETE OR TRUNCATE"), ("changed", f"UPDATE OF {_FIXED}")):
            op.execute(
                f"CREATE TRIGGER checkpoints_are_not_{name} BEFORE {when} ON checkpoints "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
            )
        return
    for name, when in (("deleted", "DELETE"), ("changed", f"UPDATE OF {_FIXED}")):
        op.execute(f"CREATE TRIGGER checkpoints_are_not_{name} BEFORE {when} ON checkpoints {_REFUSE}")
    # A row that REPLACE puts aside fires no DELETE trigger unless the connection asked for it.
    for table, key in (("audit", "seq"), ("checkpoints", "number")):
        op.execute(_NOT_REPLACED.format(table=table, key=key, refuse=_REFUSE))
