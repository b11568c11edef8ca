-- The tables of the first nouns; each statement ends in a semicolon at the end of its line.

CREATE TABLE gateway.audit_entry (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq BIGINT,
    hash BYTEA,
    org_internal BOOLEAN NOT NULL,
    client_id UUID,
    child_org_id UUID,
    actor_membership_id UUID,
    actor_kind TEXT NOT NULL,
    privilege TEXT NOT NULL,
    operation TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id UUID NOT NULL,
    target_version BIGINT NOT NULL,
    before JSONB,
    after JSONB,
    reason TEXT,
    request_id TEXT NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_audit_entry_partner_id_seq UNIQUE (partner_id, seq)
);

CREATE INDEX ix_audit_entry_partner_id_created_at_id ON gateway.audit_entry (partner_id, created_at, id);

CREATE INDEX ix_audit_entry_partner_id_target_id_target_version ON gateway.audit_entry (partner_id, target_id, target_version);

CREATE TABLE gateway.client (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    display_name TEXT NOT NULL,
    name_sort TEXT COLLATE "C" NOT NULL,
    first_name TEXT,
    last_name TEXT,
    company_name TEXT,
    email TEXT NOT NULL,
    address_line1 TEXT,
    address_line2 TEXT,
    city TEXT,
    region TEXT,
    postcode TEXT,
    country TEXT,
    phone TEXT,
    vat_number TEXT,
    website TEXT,
    language TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL CONSTRAINT ck_client_status CHECK (status IN ('ACTIVE', 'INACTIVE', 'CLOSED')),
    default_payment_method TEXT NOT NULL CONSTRAINT ck_client_default_payment_method CHECK (default_payment_method IN ('CARD', 'BANK_TRANSFER', 'OFFLINE')),
    late_fee_exempt BOOLEAN NOT NULL,
    overdue_notices_off BOOLEAN NOT NULL,
    tax_exempt BOOLEAN NOT NULL,
    separate_invoices BOOLEAN NOT NULL,
    card_processing_disabled BOOLEAN NOT NULL,
    marketing_opt_out BOOLEAN NOT NULL,
    automatic_status_disabled BOOLEAN NOT NULL,
    single_sign_on_allowed BOOLEAN NOT NULL,
    billing_address JSONB,
    shipping_address JSONB,
    admin_notes TEXT,
    default_card_id UUID,
    import_source TEXT,
    import_ref TEXT,
    CONSTRAINT pk_client PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_client_partner_id_import_source_import_ref UNIQUE (partner_id, import_source, import_ref)
);

CREATE INDEX ix_client_partner_id_created_at_id ON gateway.client (partner_id, created_at, id);

CREATE INDEX ix_client_partner_id_default_card_id ON gateway.client (partner_id, default_card_id);

CREATE INDEX ix_client_partner_id_email_name_sort_id ON gateway.client (partner_id, email, name_sort, id);

CREATE INDEX ix_client_partner_id_name_sort_id ON gateway.client (partner_id, name_sort, id);

CREATE INDEX ix_client_partner_id_status_created_at_id ON gateway.client (partner_id, status, created_at, id);

CREATE INDEX ix_client_partner_id_status_name_sort_id ON gateway.client (partner_id, status, name_sort, id);

CREATE TABLE gateway.event (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seq BIGINT,
    type TEXT NOT NULL,
    org_internal BOOLEAN NOT NULL,
    client_id UUID,
    child_org_id UUID,
    target_kind TEXT NOT NULL,
    target_id UUID NOT NULL,
    target_version BIGINT NOT NULL,
    payload JSONB NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_event_partner_id_seq UNIQUE (partner_id, seq)
);

CREATE INDEX ix_event_partner_id_created_at_id ON gateway.event (partner_id, created_at, id);

CREATE INDEX ix_event_partner_id_target_id_created_at_id ON gateway.event (partner_id, target_id, created_at, id);

CREATE TABLE gateway.idempotency_record (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    input_hash BYTEA NOT NULL,
    outcome_kind TEXT,
    outcome_id UUID,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_idempotency_record PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_idempotency_record_partner_id_operation_key UNIQUE (partner_id, operation, key)
);

CREATE INDEX ix_idempotency_record_partner_id_expires_at ON gateway.idempotency_record (partner_id, expires_at);

CREATE TABLE gateway.login (
    id UUID NOT NULL,
    email TEXT NOT NULL,
    display_name TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_login PRIMARY KEY (id),
    CONSTRAINT uq_login_email UNIQUE (email)
);

CREATE TABLE gateway.partner_member (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    membership_id UUID NOT NULL,
    name TEXT NOT NULL,
    name_sort TEXT COLLATE "C" NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL CONSTRAINT ck_partner_member_role CHECK (role IN ('OWNER', 'ADMIN', 'BILLING', 'SUPPORT', 'VIEWER')),
    status TEXT NOT NULL CONSTRAINT ck_partner_member_status CHECK (status IN ('ACTIVE', 'DISMISSED')),
    CONSTRAINT pk_partner_member PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_partner_member_partner_id_membership_id UNIQUE (partner_id, membership_id)
);

CREATE INDEX ix_partner_member_partner_id_email ON gateway.partner_member (partner_id, email);

CREATE INDEX ix_partner_member_partner_id_name_sort_id ON gateway.partner_member (partner_id, name_sort, id);

CREATE TABLE gateway.partner_org (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL CONSTRAINT ck_partner_org_status CHECK (status IN ('ACTIVE', 'SUSPENDED')),
    country TEXT NOT NULL,
    currency TEXT NOT NULL,
    language TEXT NOT NULL,
    support_email TEXT NOT NULL,
    parent_partner_id UUID,
    CONSTRAINT pk_partner_org PRIMARY KEY (partner_id, id),
    CONSTRAINT ck_partner_org_own_partner CHECK (id = partner_id)
);

CREATE TABLE gateway.plan (
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    features TEXT[] NOT NULL,
    seats_min BIGINT NOT NULL,
    seats_max BIGINT NOT NULL,
    storage_gb BIGINT NOT NULL,
    trial_days BIGINT NOT NULL,
    status TEXT NOT NULL CONSTRAINT ck_plan_status CHECK (status IN ('ON_SALE', 'WITHDRAWN')),
    CONSTRAINT pk_plan PRIMARY KEY (id),
    CONSTRAINT uq_plan_code UNIQUE (code)
);

CREATE TABLE gateway.child_org (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID NOT NULL,
    name TEXT NOT NULL,
    name_sort TEXT COLLATE "C" NOT NULL,
    domain TEXT NOT NULL,
    domain_status TEXT NOT NULL CONSTRAINT ck_child_org_domain_status CHECK (domain_status IN ('UNVERIFIED', 'VERIFIED')),
    domain_verified_at TIMESTAMP WITH TIME ZONE,
    status TEXT NOT NULL CONSTRAINT ck_child_org_status CHECK (status IN ('ACTIVE', 'ARCHIVED')),
    partner_sees_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_child_org PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_child_org_partner_id_domain UNIQUE (partner_id, domain),
    CONSTRAINT fk_child_org_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id)
);

CREATE INDEX ix_child_org_partner_id_client_id_created_at_id ON gateway.child_org (partner_id, client_id, created_at, id);

CREATE INDEX ix_child_org_partner_id_client_id_name_sort_id ON gateway.child_org (partner_id, client_id, name_sort, id);

CREATE INDEX ix_child_org_partner_id_created_at_id ON gateway.child_org (partner_id, created_at, id);

CREATE INDEX ix_child_org_partner_id_domain_status_name_sort_id ON gateway.child_org (partner_id, domain_status, name_sort, id);

CREATE INDEX ix_child_org_partner_id_name_sort_id ON gateway.child_org (partner_id, name_sort, id);

CREATE TABLE gateway.client_word (
    partner_id UUID NOT NULL,
    client_id UUID NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    CONSTRAINT pk_client_word PRIMARY KEY (partner_id, client_id, word),
    CONSTRAINT fk_client_word_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id)
);

CREATE INDEX ix_client_word_partner_id_word_client_id ON gateway.client_word (partner_id, word, client_id);

CREATE TABLE gateway.invoice (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID NOT NULL,
    number TEXT,
    state TEXT NOT NULL CONSTRAINT ck_invoice_state CHECK (state IN ('DRAFT', 'OPEN', 'PARTIALLY_PAID', 'PAID', 'VOID', 'CREDITED', 'WRITTEN_OFF', 'REFUNDED')),
    issued_on DATE,
    due_on DATE,
    currency TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    CONSTRAINT pk_invoice PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_invoice_partner_id_number UNIQUE (partner_id, number),
    CONSTRAINT fk_invoice_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id)
);

CREATE INDEX ix_invoice_partner_id_client_id_created_at_id ON gateway.invoice (partner_id, client_id, created_at, id);

CREATE INDEX ix_invoice_partner_id_created_at_id ON gateway.invoice (partner_id, created_at, id);

CREATE INDEX ix_invoice_partner_id_state_created_at_id ON gateway.invoice (partner_id, state, created_at, id);

CREATE TABLE gateway.membership (
    id UUID NOT NULL,
    login_id UUID NOT NULL,
    kind TEXT NOT NULL CONSTRAINT ck_membership_kind CHECK (kind IN ('OPERATOR', 'PARTNER_MEMBER', 'API_CREDENTIAL', 'ORG_USER', 'CONTACT')),
    role TEXT,
    partner_id UUID,
    client_ids UUID[],
    child_org_id UUID,
    epoch BIGINT NOT NULL,
    valid_until TIMESTAMP WITH TIME ZONE NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    share_lock BOOLEAN NOT NULL,
    CONSTRAINT pk_membership PRIMARY KEY (id),
    CONSTRAINT ck_membership_partner_id CHECK (kind = 'OPERATOR' OR partner_id IS NOT NULL),
    CONSTRAINT fk_membership_login_id FOREIGN KEY(login_id) REFERENCES gateway.login (id)
);

CREATE INDEX ix_membership_login_id ON gateway.membership (login_id);

CREATE TABLE gateway.payment_card (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    holder TEXT NOT NULL CONSTRAINT ck_payment_card_holder CHECK (holder IN ('RESELLER', 'CUSTOMER')),
    client_id UUID,
    processor TEXT NOT NULL,
    token TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    brand TEXT NOT NULL,
    last_four TEXT NOT NULL,
    expiry_month BIGINT NOT NULL,
    expiry_year BIGINT NOT NULL,
    holder_name TEXT,
    status TEXT NOT NULL CONSTRAINT ck_payment_card_status CHECK (status IN ('ACTIVE', 'REMOVED')),
    CONSTRAINT pk_payment_card PRIMARY KEY (partner_id, id),
    CONSTRAINT ck_payment_card_holder_client CHECK ((holder = 'CUSTOMER') = (client_id IS NOT NULL)),
    CONSTRAINT ck_payment_card_expiry_month CHECK (expiry_month BETWEEN 1 AND 12),
    CONSTRAINT uq_payment_card_partner_id_processor_token UNIQUE (partner_id, processor, token),
    CONSTRAINT fk_payment_card_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id)
);

CREATE INDEX ix_payment_card_partner_id_client_id_created_at_id ON gateway.payment_card (partner_id, client_id, created_at, id);

CREATE INDEX ix_payment_card_partner_id_created_at_id ON gateway.payment_card (partner_id, created_at, id);

CREATE INDEX ix_payment_card_partner_id_holder_created_at_id ON gateway.payment_card (partner_id, holder, created_at, id);

CREATE TABLE gateway.plan_price (
    id UUID NOT NULL,
    plan_id UUID NOT NULL,
    currency TEXT NOT NULL,
    cycle TEXT NOT NULL CONSTRAINT ck_plan_price_cycle CHECK (cycle IN ('MONTHLY', 'YEARLY')),
    amount_minor BIGINT NOT NULL,
    CONSTRAINT pk_plan_price PRIMARY KEY (id),
    CONSTRAINT uq_plan_price_plan_id_currency_cycle UNIQUE (plan_id, currency, cycle),
    CONSTRAINT fk_plan_price_plan_id FOREIGN KEY(plan_id) REFERENCES gateway.plan (id)
);

CREATE TABLE gateway.org_invitation (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID NOT NULL,
    child_org_id UUID NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_org_invitation_state CHECK (state IN ('OPEN', 'ACCEPTED')),
    CONSTRAINT pk_org_invitation PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_org_invitation_partner_id_child_org_id UNIQUE (partner_id, child_org_id),
    CONSTRAINT fk_org_invitation_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id)
);

CREATE TABLE gateway.org_user (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    child_org_id UUID NOT NULL,
    membership_id UUID,
    name TEXT NOT NULL,
    name_sort TEXT COLLATE "C" NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL CONSTRAINT ck_org_user_role CHECK (role IN ('SUPER_ADMIN', 'ADMIN', 'MEMBER')),
    status TEXT NOT NULL CONSTRAINT ck_org_user_status CHECK (status IN ('ACTIVE', 'SUSPENDED')),
    CONSTRAINT pk_org_user PRIMARY KEY (partner_id, id),
    CONSTRAINT uq_org_user_partner_id_child_org_id_email UNIQUE (partner_id, child_org_id, email),
    CONSTRAINT fk_org_user_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id)
);

CREATE INDEX ix_org_user_partner_id_child_org_id_name_sort_id ON gateway.org_user (partner_id, child_org_id, name_sort, id);

CREATE UNIQUE INDEX uq_org_user_super_admin ON gateway.org_user (partner_id, child_org_id) WHERE role = 'SUPER_ADMIN';

CREATE TABLE gateway.partner_access (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID NOT NULL,
    child_org_id UUID NOT NULL,
    state TEXT NOT NULL CONSTRAINT ck_partner_access_state CHECK (state IN ('REQUESTED', 'ACTIVE', 'DECLINED', 'WITHDRAWN', 'EXPIRED', 'ENDED')),
    full_administration BOOLEAN NOT NULL,
    privileges TEXT[] NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    ended_by TEXT,
    CONSTRAINT pk_partner_access PRIMARY KEY (partner_id, id),
    CONSTRAINT fk_partner_access_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id),
    CONSTRAINT fk_partner_access_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id)
);

CREATE INDEX ix_partner_access_partner_id_child_org_id_created_at_id ON gateway.partner_access (partner_id, child_org_id, created_at, id);

CREATE INDEX ix_partner_access_partner_id_created_at_id ON gateway.partner_access (partner_id, created_at, id);

CREATE INDEX ix_partner_access_partner_id_state_created_at_id ON gateway.partner_access (partner_id, state, created_at, id);

CREATE UNIQUE INDEX uq_partner_access_active ON gateway.partner_access (partner_id, child_org_id) WHERE state = 'ACTIVE';

CREATE TABLE gateway.subscription (
    partner_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    client_id UUID NOT NULL,
    child_org_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    status TEXT NOT NULL CONSTRAINT ck_subscription_status CHECK (status IN ('PENDING', 'TRIALING', 'ACTIVE', 'PAST_DUE', 'SUSPENDED', 'CANCELLED', 'TERMINATED')),
    seats BIGINT NOT NULL,
    seats_assigned BIGINT NOT NULL,
    seats_at_renewal BIGINT,
    seats_before_increase BIGINT,
    seats_increased_at TIMESTAMP WITH TIME ZONE,
    cycle TEXT NOT NULL CONSTRAINT ck_subscription_cycle CHECK (cycle IN ('MONTHLY', 'YEARLY')),
    currency TEXT NOT NULL,
    unit_price_minor BIGINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    current_period_start TIMESTAMP WITH TIME ZONE NOT NULL,
    current_period_end TIMESTAMP WITH TIME ZONE NOT NULL,
    trial_ends_at TIMESTAMP WITH TIME ZONE,
    card_id UUID,
    organisation_name TEXT NOT NULL,
    organisation_domain TEXT NOT NULL,
    CONSTRAINT pk_subscription PRIMARY KEY (partner_id, id),
    CONSTRAINT ck_subscription_seats CHECK (seats > 0 AND seats >= seats_assigned),
    CONSTRAINT fk_subscription_partner_id_client_id FOREIGN KEY(partner_id, client_id) REFERENCES gateway.client (partner_id, id),
    CONSTRAINT fk_subscription_partner_id_child_org_id FOREIGN KEY(partner_id, child_org_id) REFERENCES gateway.child_org (partner_id, id),
    CONSTRAINT fk_subscription_plan_id FOREIGN KEY(plan_id) REFERENCES gateway.plan (id)
);

CREATE INDEX ix_subscription_partner_id_card_id ON gateway.subscription (partner_id, card_id);

CREATE INDEX ix_subscription_partner_id_child_org_id_created_at_id ON gateway.subscription (partner_id, child_org_id, created_at, id);

CREATE INDEX ix_subscription_partner_id_child_org_id_current_period_end_id ON gateway.subscription (partner_id, child_org_id, current_period_end, id);

CREATE INDEX ix_subscription_partner_id_client_id_created_at_id ON gateway.subscription (partner_id, client_id, created_at, id);

CREATE INDEX ix_subscription_partner_id_client_id_current_period_end_id ON gateway.subscription (partner_id, client_id, current_period_end, id);

CREATE INDEX ix_subscription_partner_id_created_at_id ON gateway.subscription (partner_id, created_at, id);

CREATE INDEX ix_subscription_partner_id_current_period_end_id ON gateway.subscription (partner_id, current_period_end, id);

CREATE INDEX ix_subscription_partner_id_plan_id_created_at_id ON gateway.subscription (partner_id, plan_id, created_at, id);

CREATE INDEX ix_subscription_partner_id_status_created_at_id ON gateway.subscription (partner_id, status, created_at, id);

CREATE INDEX ix_subscription_partner_id_status_current_period_end_id ON gateway.subscription (partner_id, status, current_period_end, id);

ALTER TABLE gateway.client ADD CONSTRAINT fk_client_partner_id_default_card_id FOREIGN KEY(partner_id, default_card_id) REFERENCES gateway.payment_card (partner_id, id);

ALTER TABLE gateway.subscription ADD CONSTRAINT fk_subscription_partner_id_card_id FOREIGN KEY(partner_id, card_id) REFERENCES gateway.payment_card (partner_id, id);
