// The part of the gateway's schema that the queries need, with its names, and what resolves it.
import { cursor } from './loaders.js'

export const typeDefs = `
  scalar CurrencyCode
  scalar Date
  scalar DateTime
  scalar Decimal
  scalar DomainName
  scalar EmailAddress

  enum ClientStatus { ACTIVE INACTIVE CLOSED }
  enum OrganisationStatus { ACTIVE ARCHIVED }
  enum SubscriptionStatus { PENDING TRIALING ACTIVE PAST_DUE SUSPENDED CANCELLED TERMINATED }
  enum InvoiceState { DRAFT OPEN PARTIALLY_PAID PAID VOID CREDITED WRITTEN_OFF REFUNDED }

  interface Node { id: ID! }

  type Money { amount: Decimal! currency: CurrencyCode! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }

  type PartnerOrg implements Node { id: ID! name: String! }
  type Viewer { partner: PartnerOrg }

  type PaymentCard { brand: String! lastFour: String! expiryMonth: Int! expiryYear: Int! holderName: String }
  type Plan { name: String! code: String! }

  type Invoice implements Node {
    id: ID! number: String state: InvoiceState! issuedOn: Date dueOn: Date total: Money!
  }
  type InvoiceConnection { nodes: [Invoice!]! pageInfo: PageInfo! }

  type Subscription implements Node {
    id: ID! status: SubscriptionStatus! seats: Int! unitPrice: Money! currentPeriodEnd: DateTime! plan: Plan
  }
  type SubscriptionConnection { nodes: [Subscription!]! pageInfo: PageInfo! }

  type ChildOrg implements Node {
    id: ID! name: String! domain: DomainName! status: OrganisationStatus!
    subscriptions(first: Int): SubscriptionConnection
  }
  type ChildOrgConnection { nodes: [ChildOrg!]! pageInfo: PageInfo! }

  type Client implements Node {
    id: ID! displayName: String! firstName: String lastName: String email: EmailAddress! status: ClientStatus!
    currency: CurrencyCode! createdAt: DateTime! defaultCard: PaymentCard
    organisations(first: Int): ChildOrgConnection
    subscriptions(first: Int): SubscriptionConnection
    invoices(first: Int): InvoiceConnection
  }
  type ClientConnection { nodes: [Client!]! pageInfo: PageInfo! }

  type Query {
    viewer: Viewer
    node(id: ID!): Node
    clients(first: Int, after: String): ClientConnection
  }
`

const WITHOUT_MINOR_UNITS = new Set(['JPY'])
const TAG = 'cli1_'

function money (row) {
  const { minor, currency } = row
  if (WITHOUT_MINOR_UNITS.has(currency)) return { amount: String(minor), currency }
  const rest = minor % 100
  return { amount: `${(minor - rest) / 100}.${rest < 10 ? '0' : ''}${rest}`, currency }
}

const digits = (node) => node.id.slice(TAG.length)
const dashed = (hex) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const pageBy = (question) => (parent, args, context) => context.loaders.page(question, digits(parent), args.first)

export const resolvers = {
  Query: {
    viewer: () => ({}),
    node: (_, { id }, context) => /^cli1_[0-9a-f]{32}$/.test(id)
      ? context.loaders.row('client', dashed(id.slice(TAG.length)))
      : null,
    clients: (_, args, context) => context.loaders.clients(args.first, args.after)
  },
  Node: { __resolveType: (row) => row.__typename },
  Viewer: {
    partner: (_, args, context) => context.loaders.row('partner', context.scope.partner)
  },
  Client: {
    defaultCard: (client, _, context) => client.card === null ? null : context.loaders.row('card', client.card),
    organisations: pageBy('organisationsByClient'),
    subscriptions: pageBy('subscriptionsByClient'),
    invoices: pageBy('invoicesByClient')
  },
  ClientConnection: { pageInfo: (page) => page },
  PageInfo: {
    endCursor: (page) => page.nodes.length === 0 ? null : cursor(page.nodes[page.nodes.length - 1])
  },
  ChildOrg: { subscriptions: pageBy('subscriptionsByOrganisation') },
  Subscription: {
    unitPrice: money,
    plan: (subscription, _, context) => context.loaders.row('plan', subscription.plan)
  },
  Invoice: { total: money }
}
