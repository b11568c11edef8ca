// The operations that the "Examples" menu offers, in its order. Edit freely, then run scripts/explorer.
//
//   title      the entry in the menu
//   about      one line below it
//   document   the operation; its name becomes the tab's title
//   variables  optional; a value may be a function, called each time the example is opened
//   fill       optional; a query to run first, or a function that makes it of the session, and for each variable
//              the path of its value in the data
import { newKey } from "./keys.js";

const FIRST_CLIENT = {
  query: "{ clients(first: 1) { nodes { id } } }",
  into: { id: "clients.nodes.0.id" },
};

const FIRST_SUBSCRIPTION = {
  query: "{ subscriptions(first: 1, filter: { status: ACTIVE }) { nodes { id } } }",
  into: { id: "subscriptions.nodes.0.id" },
};

// The organisation whose people are among the accounts: theirs is the domain after the @.
const customer = (session) => session.colleague("super-admin")?.email.split("@")[1] ?? "";

const CUSTOMER = {
  query: (session) => `{ organisations(first: 1, filter: { domain: "${customer(session)}" }) { nodes { id } } }`,
  into: { organisation: "organisations.nodes.0.id" },
};

const A_USER = {
  query: "{ orgUsers(first: 1, filter: { role: MEMBER, status: ACTIVE }) { nodes { id } } }",
  into: { user: "orgUsers.nodes.0.id" },
};

const OPEN_ESCALATION = {
  query: "{ escalations(first: 1, filter: { state: REQUESTED }) { nodes { id } } }",
  into: { id: "escalations.nodes.0.id" },
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
  {
    title: "A password, 1: manage a customer",
    about: "As the partner's administrator. The page then acts in that organisation, until you leave it.",
    document: `# Choose the partner's administrator above.
mutation Manage($organisation: ID!, $reason: String!) {
  organisationManage(input: { organisationId: $organisation, reason: $reason }) {
    session { id banner expiresAt }
    userErrors { code message rule whoCan howToRequest }
  }
}
`,
    variables: { organisation: "", reason: "A user cannot sign in" },
    fill: CUSTOMER,
  },
  {
    title: "A password, 2: try to reset it",
    about: "While acting. It is denied: the answer says why, who can and how to ask. Try again after step 4.",
    document: `# Manage the customer first: the bar says so.
mutation ResetPassword($user: ID!) {
  orgUserResetPassword(input: { id: $user }) {
    user { name email passwordInvalidBefore }
    userErrors { code message rule whoCan howToRequest }
  }
}
`,
    variables: { user: "" },
    fill: A_USER,
  },
  {
    title: "A password, 3: ask for it",
    about: "While acting: an escalation for this one task, this one user, once.",
    document: `mutation Ask($user: ID!, $reason: String!) {
  escalationRequest(input: { task: USER_RESET_PASSWORD, userId: $user, reason: $reason }) {
    escalation { id state task reason }
    userErrors { code path message rule whoCan howToRequest }
  }
}
`,
    variables: { user: "", reason: "The user asked us by phone" },
    fill: A_USER,
  },
  {
    title: "A password, 4: approve it",
    about: "As the organisation's super admin. Then go back to the administrator and run step 2 again: it works once.",
    document: `# Choose the organisation's super admin above.
mutation Approve($id: ID!) {
  escalationApprove(input: { id: $id }) {
    escalation { id state task requestedByName usableUntil }
    userErrors { code path message rule whoCan howToRequest }
  }
}
`,
    variables: { id: "" },
    fill: OPEN_ESCALATION,
  },
  {
    title: "A password, 5: what was done here",
    about: "As the super admin: who acted in the organisation and why, and the trail with its denials.",
    document: `query WhatWasDone {
  actingSessions(first: 5) { nodes { memberName reason createdAt } }
  audit(first: 20) {
    nodes { createdAt outcome operation rule actorName seq }
  }
}
`,
  },
  {
    title: "May I?",
    about: "What a page asks before it shows a button.",
    document: `query MayI {
  resetPasswords: viewerCan(privilege: USER_RESET_PASSWORD) { ...Said }
  changeSubscriptions: viewerCan(privilege: SUBSCRIPTION_CHANGE) { ...Said }
  readNotes: viewerCan(privilege: CLIENT_NOTES_READ) { ...Said }
}

fragment Said on Verdict {
  allowed
  rule
  because
  whoCan
  howToRequest
}
`,
  },
];
