// GraphQL Yoga on Node's own HTTP server, with DataLoader; documents are parsed and validated once.
import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import { open } from '../lib/context.js'
import { resolvers, typeDefs } from '../lib/schema.js'
import { host, port } from '../lib/setting.js'

// The transaction has ended when the answer leaves.
const ending = {
  onExecute: () => ({ onExecuteDone: ({ args }) => args.contextValue.scope.close() })
}
const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context: ({ request }) => open(request.headers.get('authorization')),
  plugins: [ending],
  graphiql: false,
  landingPage: false,
  logging: false
})
createServer(yoga).listen({ host, port })
