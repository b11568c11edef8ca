// How PostGraphile gets its connections: each of its transactions is read-only and begins with the statement that
// finds out who asks and takes the role, as in every other server here.
import { makeWithPgClientViaPgClientAlreadyInTransaction as on } from 'postgraphile/adaptors/pg'
import pg from 'pg'
import { setting } from '../lib/setting.js'

const pool = new pg.Pool({ connectionString: setting.loginUrl, max: 10 })

async function entered (client, member, callback) {
  try {
    const begun = client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const entering = client.query({ name: 'enter', text: setting.enter, values: member })
    const [, { rows: [row] }] = await Promise.all([begun, entering])
    if (row === undefined || row.stale !== '') throw new Error('The membership is not alive.')
    const result = await on(client, true)(null, callback)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

async function withPgClient (settings, callback) {
  const client = await pool.connect()
  try {
    // Without a member it is PostGraphile itself, which reads the catalogue when it starts.
    return settings?.member ? await entered(client, settings.member, callback) : await on(client)(null, callback)
  } finally {
    client.release()
  }
}
// It is released now and then; the pool lives as long as the process.
withPgClient.release = () => {}

export const service = {
  name: 'main',
  schemas: ['gateway'],
  withPgClientKey: 'withPgClient',
  pgSettingsKey: 'pgSettings',
  pgSettings: () => ({}),
  adaptor: { createWithPgClient: () => withPgClient },
  adaptorSettings: {}
}
