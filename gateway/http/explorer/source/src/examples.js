// The operations that the "Examples" menu offers, in its order. Edit freely, then run scripts/explorer.
//
//   title      the entry in the menu
//   about      one line below it
//   document   the operation; its name becomes the tab's title
//   variables  optional; a value may be a function, called each time the example is opened
//   fill       optional; a query to run first, and for each variable the path of its value in the data
import { newKey } from "./keys.js";

const FIRST_CLIENT = {
  query: "{ clients(first: 1) { nodes { id } } }",
  into: { id: "clients.nodes.0.id" },
};

const FIRST_SUBSCRIPTION = {
  query: "{ subscriptions(first: 1, filter: { status: ACTIVE }) { nodes { id } } }",
  into: { id: "subscriptions.nodes.0.id" },
};

export const examples = [
  {
    title: "Dashboard",
    about: "Clients with their organisations and subscriptions, in one request.",
    document: `query Dashboard {
  viewer {
    role
    member { name }
    partner { id name }
  }
  clients(first: 10, orderBy: { field: NAME }) {
    totalCount
    nodes {
      id
      displayName
      email
      status
      defaultCard { brand lastFour expiryMonth expiryYear holder }
      organisations(first: 5) {
        nodes {
          id
          name
          domain
          domainStatus
          subscriptions(first: 2) {
            nodes {
              id
              status
              seats
              unitPrice { amount currency }
              currentPeriodEnd
              plan { name code }
            }
          }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    title: "Client page",
    about: "One client by its id; the first of your list is filled in.",
    document: `query ClientPage($id: ID!) {
  node(id: $id) {
    ... on Client {
      id
      displayName
      email
      status
      defaultCard { brand lastFour expiryMonth expiryYear holder }
      organisations(first: 10) {
        nodes {
          id
          name
          domain
          domainStatus
          subscriptions(first: 10) {
            nodes {
              id
              status
              seats
              unitPrice { amount currency }
              currentPeriodEnd
              plan { name code }
            }
          }
        }
      }
      invoices(first: 5) { nodes { number state issuedOn dueOn total { amount currency } } }
    }
  }
}
`,
    variables: { id: "" },
    fill: FIRST_CLIENT,
  },
  {
    title: "A list, page by page",
    about: "Put the answer's endCursor into $after for the next page.",
    document: `query ActiveClients($after: String) {
  clients(first: 25, after: $after, filter: { status: ACTIVE }) {
    totalCount
    nodes { id displayName status }
    pageInfo { hasNextPage endCursor }
  }
}
`,
    variables: { after: null },
  },
  {
    title: "Find a client",
    about: "By the beginnings of words in its name or e-mail address.",
    document: `query FindClients($words: String!) {
  clients(first: 10, filter: { search: $words }) {
    nodes { id displayName email }
  }
}
`,
    variables: { words: "am" },
  },
  {
    title: "A change: a new client",
    about: "Leave the names out, or give a wrong country, to see how errors are told.",
    document: `mutation NewClient($input: ClientCreateInput!) {
  clientCreate(input: $input) {
    client { id displayName email currency version }
    userErrors { code path message rule whoCan howToRequest }
  }
}
`,
    variables: {
      input: { firstName: "Nora", lastName: "Field", email: "nora@field.example", country: "GB" },
    },
  },
  {
    title: "A change: seats",
    about: "Sent twice with the same key, it happens once.",
    document: `mutation ChangeSeats($id: ID!, $seats: Int!, $key: String!) {
  subscriptionChangeSeats(input: { id: $id, seats: $seats, idempotencyKey: $key }) {
    subscription { id seats version }
    userErrors { code path message rule whoCan howToRequest }
  }
}
`,
    variables: { id: "", seats: 12, key: newKey },
    fill: FIRST_SUBSCRIPTION,
  },
  {
    title: "A change that is refused",
    about: "Run it as the viewer account: the answer says which rule refused, and who can.",
    document: `# Choose a viewer account above before you run this.
mutation RefusedChange($id: ID!, $seats: Int!, $key: String!) {
  subscriptionChangeSeats(input: { id: $id, seats: $seats, idempotencyKey: $key }) {
    subscription { id seats version }
    userErrors { code path message rule whoCan howToRequest }
  }
}
`,
    variables: { id: "", seats: 12, key: newKey },
    fill: FIRST_SUBSCRIPTION,
  },
];
