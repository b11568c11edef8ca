// PostGraphile with its own preset, on Node's HTTP server.
import './node20.js'
import { createServer } from 'node:http'
import { grafserv } from 'postgraphile/grafserv/node'
import { postgraphile } from 'postgraphile'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { identify } from '../lib/identity.js'
import { host, port } from '../lib/setting.js'
import { service } from './database.js'

// A type of this name is GraphQL's own.
const renaming = {
  name: 'RenamingPlugin',
  gather: {
    hooks: {
      pgIntrospection_class (_, { entity }) {
        if (entity.relname === 'subscription') entity.getTags().name = 'contract'
      }
    }
  }
}
const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [renaming],
  // The login itself may nothing: what may be done, the roles decide that the first statement takes.
  disablePlugins: ['PgRBACPlugin'],
  pgServices: [service],
  grafast: {
    async context (request) {
      return { pgSettings: { member: await identify(request.node.req.headers.authorization) } }
    }
  },
  grafserv: { graphqlPath: '/graphql', graphiql: false, watch: false }
}
const server = createServer()
await postgraphile(preset).createServ(grafserv).addTo(server)
server.listen({ host, port })
