// Apollo Server on Fastify, with DataLoader; nothing is reported anywhere, and nothing is traced.
import { ApolloServer } from '@apollo/server'
import { fastifyApolloHandler } from '@as-integrations/fastify'
import Fastify from 'fastify'
import { open } from '../lib/context.js'
import { resolvers, typeDefs } from '../lib/schema.js'
import { host, port } from '../lib/setting.js'

// The transaction has ended when the answer leaves.
const ending = {
  async requestDidStart () {
    return { willSendResponse: ({ contextValue }) => contextValue.scope.close() }
  }
}
const server = new ApolloServer({ typeDefs, resolvers, plugins: [ending], introspection: false })
await server.start()

const app = Fastify()
const context = (request) => open(request.headers.authorization)
app.post('/graphql', fastifyApolloHandler(server, { context }))
await app.listen({ host, port })
