// The statements: each asks for a whole set of parents at once, gives what the answer holds, and names the tenant.
const money = (minor, currency) => `${minor}::int4 AS minor, ${currency} AS currency`
const time = (column) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
const node = (tag, column) => `'${tag}1_' || replace(${column}::text, '-', '') AS id`

const client = `${node('cli', 'id')}, display_name AS "displayName", first_name AS "firstName",
  last_name AS "lastName", email, status, currency, ${time('created_at')} AS "createdAt", default_card_id AS card`
const organisation = `${node('org', 'id')}, name, domain, status`
const subscription = `${node('sub', 'id')}, status, seats::int4, ${money('unit_price_minor', 'currency')},
  ${time('current_period_end')} AS "currentPeriodEnd", plan_id AS plan`
const invoice = `${node('inv', 'id')}, number, state, issued_on::text AS "issuedOn", due_on::text AS "dueOn",
  ${money('total_minor', 'currency')}`

// A page of the rows that belong to each key: `$1` the keys, `$2` the partner, `$3` how many.
const pageBy = (table, by, columns, order, more = '') => `
  SELECT keys.n::int4, found.*
    FROM unnest($1::uuid[]) WITH ORDINALITY AS keys (id, n)
    JOIN LATERAL (SELECT ${columns} FROM gateway.${table} AS page
                   WHERE page.partner_id = $2${more} AND page.${by} = keys.id
                   ORDER BY ${order} LIMIT $3) AS found ON true
   ORDER BY keys.n`
const seen = ' AND page.partner_sees_until > statement_timestamp()'

export const pages = {
  organisationsByClient: pageBy('child_org', 'client_id', organisation, 'page.name_sort, page.id', seen),
  subscriptionsByClient: pageBy('subscription', 'client_id', subscription, 'page.created_at, page.id'),
  subscriptionsByOrganisation: pageBy('subscription', 'child_org_id', subscription, 'page.created_at, page.id'),
  invoicesByClient: pageBy('invoice', 'client_id', invoice, 'page.created_at DESC, page.id DESC')
}

// The rows with some ids: `$1` the ids, `$2` the partner where the table is a tenant's.
export const rows = {
  client: `SELECT id AS key, 'Client' AS __typename, ${client} FROM gateway.client WHERE partner_id = $2 AND id = ANY ($1::uuid[])`,
  card: `SELECT id AS key, brand, last_four AS "lastFour", expiry_month::int4 AS "expiryMonth",
                expiry_year::int4 AS "expiryYear", holder_name AS "holderName"
           FROM gateway.payment_card WHERE partner_id = $2 AND id = ANY ($1::uuid[])`,
  partner: `SELECT partner_id AS key, ${node('prt', 'id')}, name FROM gateway.partner_org WHERE partner_id = $2 AND id = ANY ($1::uuid[])`,
  plan: 'SELECT id AS key, name, code FROM gateway.plan WHERE id = ANY ($1::uuid[])'
}

// The partner's clients by keyset: `$1` the partner, `$2` how many, and behind them where the page before ended.
const list = (more) => `
  SELECT ${client}, name_sort AS sort FROM gateway.client WHERE partner_id = $1${more} ORDER BY name_sort, client.id LIMIT $2`
export const clients = { first: list(''), after: list(' AND (name_sort, client.id) > ($3, $4::uuid)') }
