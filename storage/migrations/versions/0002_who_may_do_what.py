"""Who may do what: accesses and acting, escalations, change requests, the trail's numbering, the outbox."""

from pathlib import Path
from typing import Final

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES: Final = (
    "outbox",
    "trail_head",
    "change_request",
    "escalation",
    "user_backup",
    "org_settings",
    "acting_session",
)
# Policies stand on the columns that go; an older release makes its own when it migrates.
_BACK: Final = (
    "ALTER TABLE gateway.idempotency_record DROP CONSTRAINT uq_idempotency_record_key",
    "DELETE FROM gateway.idempotency_record WHERE client_id IS NOT NULL OR child_org_id IS NOT NULL",
    (
        "ALTER TABLE gateway.idempotency_record DROP COLUMN client_id CASCADE,"
        " DROP COLUMN child_org_id CASCADE,"
        " ADD CONSTRAINT uq_idempotency_record_partner_id_operation_key UNIQUE (partner_id, operation, key)"
    ),
    (
        "DROP INDEX gateway.ix_event_unnumbered, gateway.ix_audit_entry_unnumbered,"
        " gateway.ix_audit_entry_partner_id_target_id_created_at_id"
    ),
    "DELETE FROM gateway.audit_entry WHERE target_id IS NULL",
    (
        "ALTER TABLE gateway.audit_entry DROP COLUMN actor_name, DROP COLUMN address, DROP COLUMN acting_session_id,"
        " DROP COLUMN escalation_id, DROP COLUMN rule, DROP COLUMN outcome, ALTER COLUMN target_kind SET NOT NULL,"
        " ALTER COLUMN target_id SET NOT NULL, ALTER COLUMN target_version SET NOT NULL"
    ),
    (
        "DROP INDEX gateway.ix_audit_entry_partner_id_actor_membership_id_created_at_id,"
        " gateway.ix_audit_entry_partner_id_client_id_created_at_id,"
        " gateway.ix_audit_entry_partner_id_child_org_id_created_at_id"
    ),
    "ALTER TABLE gateway.subscription DROP COLUMN extra_storage_gb, DROP COLUMN plan_id_at_renewal",
    (
        "DROP INDEX gateway.ix_org_user_partner_id_child_org_id_created_at_id,"
        " gateway.ix_org_user_partner_id_child_org_id_membership_id"
    ),
    "ALTER TABLE gateway.org_user DROP CONSTRAINT ck_org_user_status",
    "UPDATE gateway.org_user SET status = 'SUSPENDED' WHERE status IN ('INVITED', 'DELETED')",
    (
        "ALTER TABLE gateway.org_user ADD CONSTRAINT ck_org_user_status CHECK (status IN ('ACTIVE', 'SUSPENDED')),"
        " DROP COLUMN department, DROP COLUMN phone, DROP COLUMN profile_image, DROP COLUMN password_invalid_before,"
        " DROP COLUMN deleted_at"
    ),
    "ALTER TABLE gateway.membership NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE gateway.membership DISABLE ROW LEVEL SECURITY",
    "DELETE FROM gateway.membership WHERE kind = 'API_CREDENTIAL'",
    "DROP INDEX gateway.ix_membership_partner_id_kind",
    (
        "ALTER TABLE gateway.membership DROP CONSTRAINT ck_membership_child_org_id,"
        " DROP CONSTRAINT ck_membership_client_ids, DROP CONSTRAINT ck_membership_creator, DROP COLUMN name,"
        " DROP COLUMN permissions, DROP COLUMN privileges, DROP COLUMN created_by"
    ),
    (
        "ALTER TABLE gateway.partner_access DROP COLUMN reason, DROP COLUMN days, DROP COLUMN extended_at,"
        " DROP COLUMN requested_by, DROP COLUMN requested_by_name, DROP COLUMN decided_at, DROP COLUMN decided_by_name,"
        " DROP COLUMN extendable, DROP COLUMN share_lock"
    ),
)


def upgrade() -> None:
    """Change and create the tables, as the SQL file beside this one lists them."""
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for statement in statements.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Take them back; what only the new columns could hold is lost."""
    op.execute("DROP TABLE " + ", ".join(f"gateway.{name}" for name in _TABLES))
    for statement in _BACK:
        op.execute(statement)
