-- Who may do what: accesses and acting, escalations, change requests, the trail's numbering, the outbox.

ALTER TABLE gateway.membership ADD COLUMN name TEXT NOT NULL DEFAULT '';

ALTER TABLE gateway.membership ALTER COLUMN name DROP DEFAULT;

UPDATE gateway.membership SET name = login.display_name FROM gateway.login WHERE login.id = membership.login_id;

ALTER TABLE gateway.membership ADD COLUMN permissions TEXT[];

ALTER TABLE gateway.membership ADD COLUMN privileges TEXT[];

ALTER TABLE gateway.membership ADD COLUMN created_by UUID;

ALTER TABLE gateway.membership ADD CONSTRAINT fk_membership_created_by FOREIGN KEY (created_by) REFERENCES gateway.membership (id);

ALTER TABLE gateway.membership ADD CONSTRAINT ck_membership_child_org_id CHECK (kind <> 'ORG_USER' OR child_org_id IS NOT NULL);

ALTER TABLE gateway.membership ADD CONSTRAINT ck_membership_client_ids CHECK (kind <> 'CONTACT' OR client_ids IS NOT NULL);

ALTER TABLE gateway.membership ADD CONSTRAINT ck_membership_creator CHECK (kind <> 'API_CREDENTIAL' OR (created_by IS NOT NULL AND privileges IS NOT NULL));

CREATE INDEX ix_membership_partner_id_kind ON gateway.membership (partner_id, kind);

ALTER TABLE gateway.partner_access ADD COLUMN reason TEXT;

ALTER TABLE gateway.partner_access ADD COLUMN days BIGINT;

ALTER TABLE gateway.partner_access ADD COLUMN extended_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE gateway.partner_access ADD COLUMN requested_by UUID;

ALTER TABLE gateway.partner_access ADD COLUMN requested_by_name TEXT;

ALTER TABLE gateway.partner_access ADD COLUMN decided_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE gateway.partner_access ADD COLUMN decided_by_name TEXT;

ALTER TABLE gateway.partner_access ADD COLUMN extendable BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE gateway.partner_access ALTER COLUMN extendable DROP DEFAULT;

ALTER TABLE gateway.partner_access ADD COLUMN share_lock BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE gateway.partner_access ALTER COLUMN share_lock DROP DEFAULT;

ALTER TABLE gateway.org_user ADD COLUMN department TEXT;

ALTER TABLE gateway.org_user ADD COLUMN phone TEXT;

ALTER TABLE gateway.org_user ADD COLUMN profile_image TEXT;

ALTER TABLE gateway.org_user ADD COLUMN password_invalid_before TIMESTAMP WITH TIME ZONE;

ALTER TABLE gateway.org_user ADD COLUMN deleted_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE gateway.org_user DROP CONSTRAINT ck_org_user_status;

ALTER TABLE gateway.org_user ADD CONSTRAINT ck_org_user_status CHECK (status IN ('INVITED', 'ACTIVE', 'SUSPENDED', 'DELETED'));

CREATE INDEX ix_org_user_partner_id_child_org_id_created_at_id ON gateway.org_user (partner_id, child_org_id, created_at, id);

CREATE INDEX ix_org_user_partner_id_child_org_id_membership_id ON gateway.org_user (partner_id, child_org_id, membership_id);

ALTER TABLE gateway.subscription ADD COLUMN extra_storage_gb BIGINT NOT NULL DEFAULT 0;

ALTER TABLE gateway.subscription ALTER COLUMN extra_storage_gb DROP DEFAULT;

ALTER TABLE gateway.subscription ADD COLUMN plan_id_at_renewal UUID;

ALTER TABLE gateway.subscription ADD CONSTRAINT fk_subscription_plan_id_at_renewal FOREIGN KEY (plan_id_at_renewal) REFERENCES gateway.plan (id);

ALTER TABLE gateway.audit_entry ADD COLUMN actor_name TEXT;

ALTER TABLE gateway.audit_entry ADD COLUMN address TEXT;

ALTER TABLE gateway.audit_entry ADD COLUMN acting_session_id UUID;

ALTER TABLE gateway.audit_entry ADD COLUMN escalation_id UUID;

ALTER TABLE gateway.audit_entry ADD COLUMN rule TEXT;

ALTER TABLE gateway.audit_entry ADD COLUMN outcome TEXT NOT NULL DEFAULT 'DONE' CONSTRAINT ck_audit_entry_outcome CHECK (outcome IN ('DONE', 'DENIED'));

ALTER TABLE gateway.audit_entry ALTER COLUMN outcome DROP DEFAULT;

ALTER TABLE gateway.audit_entry ALTER COLUMN target_kind DROP NOT NULL;

ALTER TABLE gateway.audit_entry ALTER COLUMN target_id DROP NOT NULL;

ALTER TABLE gateway.audit_entry ALTER COLUMN target_version DROP NOT NULL;

CREATE INDEX ix_audit_entry_partner_id_outcome_created_at_id ON gateway.audit_entry (partner_id, outcome, created_at, id);

CREATE INDEX ix_audit_entry_partner_id_target_id_created_at_id ON gateway.audit_entry (partner_id, target_id, created_at, id);

CREATE INDEX ix_audit_entry_partner_id_actor_membership_id_created_at_id ON gateway.audit_entry (partner_id, actor_membership_id, created_at, id);

CREATE INDEX ix_audit_entry_partner_id_client_id_created_at_id ON gateway.audit_entry (partner_id, client_id, created_at, id);

CREATE INDEX ix_audit_entry_partner_id_child_org_id_created_at_id ON gateway.audit_entry (partner_id, child_org_id, created_at, id);

CREATE INDEX ix_audit_entry_partner_id_acting_session_id_created_at_id ON gateway.audit_entry (partner_id, acting_session_id, created_at, id);

CREATE INDEX ix_audit_entry_unnumbered ON gateway.audit_entry (partner_id, created_at, id) WHERE seq IS NULL;

CREATE INDEX ix_event_unnumbered ON gateway.event (partner_id, created_at, id) WHERE seq IS NULL;

ALTER TABLE gateway.idempotency_record ADD COLUMN client_id UUID;

ALTER TABLE gateway.idempotency_record ADD COLUMN child_org_id UUID;

ALTER TABLE gateway.idempotency_record DROP CONSTRAINT uq_idempotency_record_partner_id_operation_key;

ALTER TABLE gateway.idempotency_record ADD CONSTRAINT uq_idempotency_record_key UNIQUE NULLS NOT DISTINCT (partner_id, operation, key, client_id, child_org_id);

CREATE TABLE gateway.acting_session (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID NOT NULL,
    child_org_id UUID NOT NULL,
    access_id UUID NOT NULL,
    membership_id UUID NOT NULL,
    member_name TEXT NOT NULL,
    organisation_domain TEXT NOT NULL,
    reason TEXT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_acting_session PRIMARY KEY (partner_id, id),
    CONSTRAINT fk_acting_session_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id),
    CONSTRAINT fk_acting_session_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id),
    CONSTRAINT fk_acting_session_partner_id_access_id FOREIGN KEY(partner_id, access_id) REFERENCES gateway.partner_access (partner_id, id)
);

CREATE INDEX ix_acting_session_partner_id_child_org_id_created_at_id ON gateway.acting_session (partner_id, child_org_id, created_at, id);

CREATE INDEX ix_acting_session_partner_id_created_at_id ON gateway.acting_session (partner_id, created_at, id);

CREATE TABLE gateway.org_settings (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    child_org_id UUID NOT NULL,
    tfa_policy TEXT NOT NULL CONSTRAINT ck_org_settings_tfa_policy CHECK (tfa_policy IN ('OFF', 'OPTIONAL', 'REQUIRED')),
    contact_sync BOOLEAN NOT NULL,
    dashboard TEXT[] NOT NULL,
    referral_member BOOLEAN NOT NULL,
    referral_code TEXT,
    CONSTRAINT pk_org_settings PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_org_settings_partner_id_child_org_id UNIQUE (partner_id, child_org_id),
    CONSTRAINT fk_org_settings_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id)
);

CREATE TABLE gateway.user_backup (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    child_org_id UUID NOT NULL,
    user_id UUID NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_user_backup_state CHECK (state IN ('REQUESTED', 'READY', 'FAILED')),
    requested_by UUID NOT NULL,
    requested_by_name TEXT NOT NULL,
    CONSTRAINT pk_user_backup PRIMARY KEY (partner_id, id),
    CONSTRAINT fk_user_backup_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id),
    CONSTRAINT fk_user_backup_partner_id_user_id FOREIGN KEY(partner_id, user_id) REFERENCES gateway.org_user (partner_id, id)
);

CREATE INDEX ix_user_backup_partner_id_child_org_id_created_at_id ON gateway.user_backup (partner_id, child_org_id, created_at, id);

CREATE INDEX ix_user_backup_partner_id_user_id_created_at_id ON gateway.user_backup (partner_id, user_id, created_at, id);

CREATE TABLE gateway.escalation (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID NOT NULL,
    child_org_id UUID NOT NULL,
    access_id UUID NOT NULL,
    requested_by UUID NOT NULL,
    requested_by_name TEXT NOT NULL,
    task TEXT NOT NULL,
    user_id UUID,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_escalation_state CHECK (state IN ('REQUESTED', 'APPROVED', 'DECLINED', 'WITHDRAWN', 'USED')),
    decided_at TIMESTAMP WITH TIME ZONE,
    decided_by_name TEXT,
    decision_note TEXT,
    usable_until TIMESTAMP WITH TIME ZONE,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_escalation PRIMARY KEY (partner_id, id),
    CONSTRAINT fk_escalation_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id),
    CONSTRAINT fk_escalation_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id),
    CONSTRAINT fk_escalation_partner_id_access_id FOREIGN KEY(partner_id, access_id) REFERENCES gateway.partner_access (partner_id, id)
);

CREATE INDEX ix_escalation_partner_id_child_org_id_created_at_id ON gateway.escalation (partner_id, child_org_id, created_at, id);

CREATE INDEX ix_escalation_partner_id_child_org_id_state_created_at_id ON gateway.escalation (partner_id, child_org_id, state, created_at, id);

CREATE INDEX ix_escalation_partner_id_created_at_id ON gateway.escalation (partner_id, created_at, id);

CREATE INDEX ix_escalation_partner_id_state_created_at_id ON gateway.escalation (partner_id, state, created_at, id);

CREATE TABLE gateway.change_request (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID NOT NULL,
    child_org_id UUID NOT NULL,
    subscription_id UUID NOT NULL,
    kind TEXT NOT NULL CONSTRAINT ck_change_request_kind CHECK (kind IN ('UPGRADE', 'DOWNGRADE', 'STORAGE')),
    plan_id UUID,
    storage_gb BIGINT,
    note TEXT,
    state TEXT NOT NULL CONSTRAINT ck_change_request_state CHECK (state IN ('REQUESTED', 'APPROVED', 'DECLINED', 'WITHDRAWN')),
    requested_by UUID NOT NULL,
    requested_by_name TEXT NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    decided_by_name TEXT,
    decision_note TEXT,
    CONSTRAINT pk_change_request PRIMARY KEY (partner_id, id),
    CONSTRAINT fk_change_request_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id),
    CONSTRAINT fk_change_request_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id),
    CONSTRAINT fk_change_request_partner_id_subscription_id FOREIGN KEY(partner_id, subscription_id) REFERENCES gateway.subscription (partner_id, id),
    CONSTRAINT fk_change_request_plan_id FOREIGN KEY(plan_id) REFERENCES gateway.plan (id)
);

CREATE INDEX ix_change_request_partner_id_child_org_id_created_at_id ON gateway.change_request (partner_id, child_org_id, created_at, id);

CREATE INDEX ix_change_request_partner_id_client_id_created_at_id ON gateway.change_request (partner_id, client_id, created_at, id);

CREATE INDEX ix_change_request_partner_id_created_at_id ON gateway.change_request (partner_id, created_at, id);

CREATE INDEX ix_change_request_partner_id_state_created_at_id ON gateway.change_request (partner_id, state, created_at, id);

CREATE INDEX ix_change_request_partner_id_subscription_id_created_at_id ON gateway.change_request (partner_id, subscription_id, created_at, id);

CREATE TABLE gateway.trail_head (
    id UUID NOT NULL,
    event_seq BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash BYTEA NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_trail_head PRIMARY KEY (id)
);

CREATE TABLE gateway.outbox (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID,
    child_org_id UUID,
    kind TEXT NOT NULL,
    payload JSONB NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    attempts BIGINT NOT NULL,
    locked_until TIMESTAMP WITH TIME ZONE,
    done_at TIMESTAMP WITH TIME ZONE,
    last_error TEXT,
    CONSTRAINT pk_outbox PRIMARY KEY (partner_id, id)
);

CREATE INDEX ix_outbox_waiting ON gateway.outbox (partner_id, kind, due_at) WHERE done_at IS NULL;
