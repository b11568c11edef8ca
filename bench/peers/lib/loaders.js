// One DataLoader for each question and page size of a request, so that a level of the query costs one statement.
import DataLoader from 'dataloader'
import { clients, pages, rows } from './questions.js'

const FIRST = 25
const MOST = 100

export function size (first) {
  const asked = first ?? FIRST
  if (asked < 1 || asked > MOST) throw new Error(`A page holds 1 to ${MOST}.`)
  return asked
}

export class Loaders {
  constructor (scope) {
    this.scope = scope
    this.made = new Map()
  }

  // One row by its id.
  row (name, id) {
    return (this.made.get(name) ?? this.keep(name, (keys) => this.readRows(name, keys))).load(id)
  }

  // A page of the rows that belong to a parent, which is named by the digits of its node id.
  page (name, parent, first) {
    const wanted = size(first)
    const key = name + wanted
    return (this.made.get(key) ?? this.keep(key, (keys) => this.readPages(name, keys, wanted))).load(parent)
  }

  keep (key, read) {
    const loader = new DataLoader(read)
    this.made.set(key, loader)
    return loader
  }

  async readRows (name, keys) {
    const parameters = [`{${keys.join(',')}}`]
    if (name !== 'plan') parameters.push(this.scope.partner)
    const found = new Map()
    for (const row of await this.scope.fetch(rows[name], parameters)) found.set(row.key, row)
    return keys.map((key) => found.get(key) ?? null)
  }

  async readPages (name, keys, wanted) {
    const made = keys.map(() => ({ nodes: [], hasNextPage: false }))
    for (const row of await this.scope.fetch(pages[name], [`{${keys.join(',')}}`, this.scope.partner, wanted + 1])) {
      const page = made[row.n - 1]
      if (page.nodes.length < wanted) page.nodes.push(row)
      else page.hasNextPage = true
    }
    return made
  }

  async clients (first, after) {
    const wanted = size(first)
    const place = after == null ? [] : JSON.parse(Buffer.from(after, 'base64url').toString())
    const text = after == null ? clients.first : clients.after
    const found = await this.scope.fetch(text, [this.scope.partner, wanted + 1, ...place])
    return { nodes: found.slice(0, wanted), hasNextPage: found.length > wanted }
  }
}

export function cursor (client) {
  return Buffer.from(JSON.stringify([client.sort, client.id.slice('cli1_'.length)])).toString('base64url')
}
