// The page: GraphiQL below a bar with the product's name, the examples and the account in use.
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from "@graphiql/plugin-doc-explorer";
import { HISTORY_PLUGIN, HistoryStore } from "@graphiql/plugin-history";
import { GraphiQLProvider } from "@graphiql/react";
import { GraphiQL, GraphiQLInterface } from "graphiql";
import { useState } from "react";
import { Examples } from "./Examples.jsx";
import { examples } from "./examples.js";
import { Identity } from "./Identity.jsx";
import { session } from "./session.js";

const PLUGINS = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN];

// One function for the whole life of the page: GraphiQL fetches the schema again whenever it is given another.
const fetcher = (operation, { headers } = {}) => session.ask(operation, headers);

function Bar() {
  const [notice, setNotice] = useState("");
  return (
    <header className="bar">
      <h1>Reseller gateway</h1>
      <Examples onNotice={setNotice} />
      <p role="status">{notice}</p>
      <Identity onNotice={setNotice} />
    </header>
  );
}

export function Explorer() {
  return (
    <GraphiQLProvider
      fetcher={fetcher}
      plugins={PLUGINS}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      defaultQuery={examples[0].document}
      inputValueDeprecation
      schemaDescription
    >
      <DocExplorerStore>
        <HistoryStore>
          <Bar />
          {/* Headers are never written to storage: somebody will paste a token into them. */}
          <GraphiQLInterface defaultEditorToolsVisibility showPersistHeadersSettings={false}>
            <GraphiQL.Logo>{null}</GraphiQL.Logo>
          </GraphiQLInterface>
        </HistoryStore>
      </DocExplorerStore>
    </GraphiQLProvider>
  );
}
