// Who the page speaks as: one of the demo accounts that the server offers, or a token that somebody pasted.
const ENDPOINT = new URL("/graphql", location.origin);
const ACCOUNTS = new URL("accounts.json", document.baseURI);
const TOKEN = new URL("token", document.baseURI);
const REMEMBERED = "explorer.account";

async function fetchAccounts() {
  const answer = await fetch(ACCOUNTS, { cache: "no-store" });
  if (!answer.ok) return [];
  const { accounts } = await answer.json();
  return accounts ?? [];
}

class Session {
  #listeners = new Set();
  #refreshing = null;
  // Tokens stay in memory: what the browser stores outlives the tab, and a token should not.
  // Who acts in an organisation does so until leaving it, or until the server says that the session is over.
  #state = { accounts: [], activeId: null, pasted: "", acting: null };

  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = () => this.#state;

  async start() {
    const accounts = await fetchAccounts().catch(() => []);
    const remembered = sessionStorage.getItem(REMEMBERED);
    const active = accounts.find(({ id }) => id === remembered) ?? accounts[0];
    this.#change({ accounts, activeId: active?.id ?? null });
  }

  choose(id) {
    sessionStorage.setItem(REMEMBERED, id);
    this.#change({ activeId: id });
  }

  /** The account in use, and the others of the same partner: "alder-admin" goes with "alder-super-admin". */
  colleague(role) {
    const { accounts, activeId } = this.#state;
    return accounts.find(({ id }) => id === `${activeId?.split("-")[0]}-${role}`) ?? accounts.find(({ id }) => id.endsWith(`-${role}`));
  }

  leave() {
    this.#change({ acting: null });
  }

  paste(token) {
    this.#change({ pasted: token });
  }

  /** The GraphQL answer as an object, whatever the server said; `headers` win over the session's own. */
  async ask(operation, headers = {}) {
    let answer = await this.#post(operation, headers);
    if (answer.status === 401 && this.#state.accounts.length > 0) {
      if (this.#acting) this.leave();
      await this.#refresh();
      answer = await this.#post(operation, headers);
    }
    try {
      const body = await answer.json();
      await this.#act(body.data?.organisationManage?.session);
      return body;
    } catch {
      return { errors: [{ message: `The server answered ${answer.status} ${answer.statusText} without JSON.` }] };
    }
  }

  #post(operation, headers) {
    const sent = new Headers({ "Content-Type": "application/json", Accept: "application/json" });
    if (this.#token) sent.set("Authorization", `Bearer ${this.#token}`);
    for (const [name, value] of Object.entries(headers)) sent.set(name, value);
    return fetch(ENDPOINT, { method: "POST", headers: sent, body: JSON.stringify(operation) });
  }

  /** A session that was started is used at once: its token is one of its own. */
  async #act(started) {
    if (!started?.id) return;
    const sent = { "Content-Type": "application/json", Authorization: `Bearer ${this.#token}` };
    const answer = await fetch(TOKEN, { method: "POST", headers: sent, body: JSON.stringify({ session: started.id }) });
    if (!answer.ok) return;
    const { token } = await answer.json();
    this.#change({ acting: { accountId: this.#state.activeId, token, banner: started.banner } });
  }

  get #acting() {
    const { activeId, acting } = this.#state;
    return acting?.accountId === activeId ? acting : null;
  }

  get #token() {
    const { accounts, activeId, pasted } = this.#state;
    if (this.#acting) return this.#acting.token;
    return accounts.find(({ id }) => id === activeId)?.token ?? pasted;
  }

  /** Demo tokens expire. Requests refused at the same moment share one look at the list. */
  #refresh() {
    this.#refreshing ??= fetchAccounts()
      .then((accounts) => accounts.length > 0 && this.#change({ accounts }))
      .catch(() => {})
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  #change(part) {
    this.#state = { ...this.#state, ...part };
    for (const listener of this.#listeners) listener();
  }
}

export const session = new Session();
