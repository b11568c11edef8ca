"""The tables of the first nouns."""

from pathlib import Path
from typing import Final

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES: Final = (
    "idempotency_record",
    "audit_entry",
    "event",
    "invoice",
    "subscription",
    "partner_access",
    "org_invitation",
    "org_user",
    "child_org",
    "client_word",
    "client",
    "payment_card",
    "partner_member",
    "partner_org",
    "plan_price",
    "plan",
    "membership",
    "login",
)


def upgrade() -> None:
    """Create the tables, as the SQL file beside this one lists them."""
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables; those that point at each other go in one statement."""
    op.execute("DROP TABLE " + ", ".join(f"gateway.{name}" for name in _TABLES))
