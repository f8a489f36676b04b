"""Persons: who holds a token and who is behind a step, by id, where free text was before."""

import secrets
import time
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")
ROLES = ("officer", "operator", "auditor")
OFFICER = sa.table("officer", *map(sa.column, ("id", "name", "version", "created_at", "changed_at")))
PERSON = sa.table(
    "person",
    *map(sa.column, ("id", "name", "version", "created_at", "changed_at")),
    sa.column("roles", DOCUMENT),
)
TOKEN = sa.table(
    "token",
    *map(sa.column, ("id", "name", "holder", "registrant_id", "provider_id", "created_at", "revoked_at")),
    sa.column("scopes", DOCUMENT),
    sa.column("makers", DOCUMENT),
)
AUDIT = sa.table("audit", *map(sa.column, ("seq", "object", "action", "actor", "outcome")))
APPLICATION = sa.table(
    "application",
    *map(sa.column, ("id", "state")),
    *(sa.column(name, DOCUMENT) for name in ("submitted_behind", "confirmed_behind")),
)
INTENT = sa.table(
    "intent",
    *map(sa.column, ("id", "proposed_by", "agreed_by")),
    *(sa.column(name, DOCUMENT) for name in ("proposed_behind", "agreed_behind")),
)


def upgrade() -> None:
    """Make persons of the officers and of whoever else holds a token; find out who made what from the audit."""
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("roles", DOCUMENT, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        *_made(),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("name", name="uq_person_name"),
    )
    op.add_column("token", sa.Column("makers", DOCUMENT, nullable=False, server_default=sa.text("'[]'")))
    for table, names in (
        ("application", ("submitted_behind", "confirmed_behind")),
        ("intent", ("proposed_behind", "agreed_behind")),
    ):
        for name in names:
            op.add_column(table, sa.Column(name, DOCUMENT))
    bind = op.get_bind()
    for row in bind.execute(sa.select(OFFICER)).mappings().all():
        bind.execute(PERSON.insert().values({**row, "roles": ["officer"]}))
    op.drop_table("officer")
    for token in bind.execute(sa.select(TOKEN)).mappings().all():
        bind.execute(TOKEN.update().where(TOKEN.c.id == token["id"]).values(_token(bind, token)))
    _note_behind(bind)


def downgrade() -> None:
    """Make officers of the persons who are, and forget who is behind what."""
    op.create_table(
        "officer",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        *_made(),
        sa.PrimaryKeyConstraint("id", name="pk_officer"),
        sa.UniqueConstraint("name", name="uq_officer_name"),
    )
    bind = op.get_bind()
    for row in bind.execute(sa.select(PERSON)).mappings().all():
        if "officer" in row["roles"]:
            bind.execute(OFFICER.insert().values({name: value for name, value in row.items() if name != "roles"}))
    op.drop_table("person")
    op.drop_column("token", "makers")
    for name in ("submitted_behind", "confirmed_behind"):
        op.drop_column("application", name)
    for name in ("proposed_behind", "agreed_behind"):
        op.drop_column("intent", name)


def _made() -> list[sa.Column[Any]]:
    """Return the columns of everything that changes."""
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _token(bind: sa.Connection, token: Any) -> dict[str, Any]:
    """Return what a token has from now on: a holder by id, and its makers."""
    makers = _actors(bind, token["id"], "token.create")[:1]
    if any(maker.startswith("operator ") for maker in makers):
        makers.append("operator")  # by the command line: could have used the gateway's own token as well
    values: dict[str, Any] = {"makers": makers}
    registrant, provider = token["registrant_id"], token["provider_id"]
    if registrant and provider:  # applies and confirms at once: nobody may
        return values | {"holder": registrant, "provider_id": None, "scopes": ["registrant"]}
    if registrant or provider:
        return values | {"holder": registrant or provider}
    return values | {"holder": _person(bind, token)}


def _person(bind: sa.Connection, token: Any) -> str:
    """Return the id of the person who holds a token; he is entered, or gets the roles that it needs."""
    named = (PERSON.c.id == token["holder"]) | (PERSON.c.name == token["holder"])
    there = bind.execute(sa.select(PERSON.c.id, PERSON.c.roles).where(named)).mappings().first()
    roles = {*(there["roles"] if there else ()), *token["scopes"]}
    listed = [role for role in ROLES if role in roles]
    if there:
        bind.execute(PERSON.update().where(PERSON.c.id == there["id"]).values(roles=listed))
        return str(there["id"])
    id_ = f"per_{time.time_ns():016x}{secrets.token_hex(8)}"
    made = {"version": 1, "created_at": token["created_at"], "changed_at": token["created_at"]}
    bind.execute(PERSON.insert().values(id=id_, name=token["holder"], roles=listed, **made))
    return id_


def _note_behind(bind: sa.Connection) -> None:
    pending = sa.select(APPLICATION.c.id).where(APPLICATION.c.state.in_(("submitted", "confirmed")))
    for id_ in bind.execute(pending).scalars().all():
        behind = {
            "submitted_behind": _actors(bind, id_, "application.submit")[-1:] or None,
            "confirmed_behind": _actors(bind, id_, "application.confirm")[-1:] or None,
        }
        bind.execute(APPLICATION.update().where(APPLICATION.c.id == id_).values(behind))
    for id_, proposed, agreed in bind.execute(sa.select(INTENT.c.id, INTENT.c.proposed_by, INTENT.c.agreed_by)).all():
        values = {"proposed_behind": [proposed], "agreed_behind": [agreed] if agreed else None}
        bind.execute(INTENT.update().where(INTENT.c.id == id_).values(values))


def _actors(bind: sa.Connection, object_: str, action: str) -> list[str]:
    """Return who did something with an object, in order."""
    rows = sa.select(AUDIT.c.actor).where(AUDIT.c.object == object_, AUDIT.c.action == action)
    return list(bind.execute(rows.where(AUDIT.c.outcome == "done").order_by(AUDIT.c.seq)).scalars())
