// One request, one snapshot: a read-only transaction whose first statement reads the live membership and takes the role.
import postgres from 'postgres'
import { setting } from './setting.js'

const pool = postgres(setting.loginUrl, { max: 10 })
const prepared = { prepare: true }

export class Scope {
  constructor (connection, partner) {
    this.connection = connection
    this.partner = partner
  }

  // BEGIN and the first statement travel together: the driver does not wait for the one before it sends the other.
  static async open (parameters) {
    const connection = await pool.reserve()
    try {
      const begun = connection.unsafe('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      const entered = connection.unsafe(setting.enter, parameters, prepared)
      const [, [row]] = await Promise.all([begun, entered])
      if (row === undefined || row.stale !== '') throw new Error('The membership is not alive.')
      return new Scope(connection, row.partner_id)
    } catch (error) {
      await Scope.end(connection, 'ROLLBACK')
      throw error
    }
  }

  static async end (connection, how) {
    try {
      await connection.unsafe(how)
    } finally {
      connection.release()
    }
  }

  fetch (text, parameters) {
    return this.connection.unsafe(text, parameters, prepared)
  }

  close () {
    return Scope.end(this.connection, 'COMMIT')
  }
}
