// Who every request is made as: one click on a demo account, or a bearer token where there are none.
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useSyncExternalStore } from "react";
import { session } from "./session.js";

const words = (role) =>
  role === "API_CREDENTIAL" ? "API credential" : role.charAt(0) + role.slice(1).toLowerCase().replaceAll("_", " ");

/** Everybody of the first partner; of the others one is enough to see that they are apart. */
const shown = (accounts) =>
  accounts.filter(({ id, role }) => id.startsWith(`${accounts[0].id.split("-")[0]}-`) || ["OWNER", "OPERATOR"].includes(role));

/** "Ada (owner)" beside the small "Owner" would say it twice. */
function shortName({ name, role }) {
  const [, person, aside] = /^(.*?)\s*\(([^)]*)\)$/.exec(name) ?? [];
  return aside?.toLowerCase() === words(role).toLowerCase() ? person : name;
}

/** The schema is the same for every account, so it is fetched again only where the first attempt was refused. */
function useSchemaIfMissing() {
  const { schema } = useGraphiQL(pick("schema"));
  const { introspect } = useGraphiQLActions();
  return () => {
    if (!schema) introspect();
  };
}

function Accounts({ accounts, activeId }) {
  const fetchSchema = useSchemaIfMissing();

  function choose(id) {
    session.choose(id);
    fetchSchema();
  }

  return (
    <div className="accounts" role="group" aria-label="Requests are made as">
      {[...Map.groupBy(shown(accounts), ({ organisation }) => organisation)].map(([organisation, members]) => (
        <div key={organisation} className="organisation" role="group" aria-label={organisation}>
          <span className="organisation-name" aria-hidden="true">
            {organisation}
          </span>
          {members.map((account) => (
            <button
              key={account.id}
              type="button"
              className="account"
              title={`${account.name}, ${organisation}`}
              aria-pressed={account.id === activeId}
              onClick={() => choose(account.id)}
            >
              {shortName(account)} <small>{words(account.role)}</small>
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}

function Token({ inUse, onNotice }) {
  const fetchSchema = useSchemaIfMissing();

  function use(form) {
    const token = form.get("token").trim().replace(/^Bearer\s+/i, "");
    session.paste(token);
    fetchSchema();
    onNotice(token ? "Requests carry this token." : "Requests carry no token.");
  }

  return (
    <form
      className="token"
      onSubmit={(event) => {
        event.preventDefault();
        use(new FormData(event.currentTarget));
      }}
    >
      <label htmlFor="token">Bearer token</label>
      <input id="token" name="token" type="password" autoComplete="off" spellCheck="false" defaultValue={inUse} />
      <button type="submit">Use</button>
    </form>
  );
}

/** Whose organisation one is managing: said for as long as requests carry the token of acting. */
function Banner({ text }) {
  return (
    <p className="banner">
      {text}
      <button type="button" onClick={() => session.leave()}>
        Leave
      </button>
    </p>
  );
}

export function Identity({ onNotice }) {
  const { accounts, activeId, pasted, acting } = useSyncExternalStore(session.subscribe, session.snapshot);
  if (accounts.length === 0) return <Token inUse={pasted} onNotice={onNotice} />;
  return (
    <>
      <Accounts accounts={accounts} activeId={activeId} />
      {acting?.accountId === activeId && <Banner text={acting.banner} />}
    </>
  );
}
