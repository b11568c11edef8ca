// The "Examples" menu: opens an operation in a tab of its own, with its variables filled from live data.
import { DropdownMenu, pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { examples } from "./examples.js";
import { session } from "./session.js";

const at = (data, path) => path.split(".").reduce((value, step) => value?.[step], data);

function initialVariables({ variables = {} }) {
  const entries = Object.entries(variables);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === "function" ? value() : value]));
}

/** What the fill query found, by variable; a variable without a value is left out. */
async function found({ fill }) {
  if (!fill) return {};
  const query = typeof fill.query === "function" ? fill.query(session) : fill.query;
  const { data } = await session.ask({ query }).catch(() => ({}));
  const entries = Object.entries(fill.into).map(([name, path]) => [name, at(data, path)]);
  return Object.fromEntries(entries.filter(([, value]) => value != null));
}

function missing({ fill }, values) {
  const names = Object.keys(fill?.into ?? {}).filter((name) => !(name in values));
  return names.length > 0 ? `Nothing to fill in for ${names.map((name) => `$${name}`).join(", ")}.` : "";
}

export function Examples({ onNotice }) {
  const { queryEditor, variableEditor, tabs } = useGraphiQL(pick("queryEditor", "variableEditor", "tabs"));
  const { addTab, changeTab, setOperationName } = useGraphiQLActions();

  function show({ document }, variables) {
    const open = tabs.findIndex(({ query }) => query === document);
    if (open >= 0) changeTab(open);
    else if (queryEditor.getValue().trim()) addTab();
    queryEditor.setValue(document);
    // The editor reads its document a moment later; whoever runs it before that means this operation.
    setOperationName(/\b(?:query|mutation) (\w+)/.exec(document)?.[1]);
    variableEditor.setValue(Object.keys(variables).length > 0 ? JSON.stringify(variables, null, 2) : "");
    queryEditor.setScrollTop(0);
    queryEditor.focus();
  }

  async function choose(example) {
    onNotice("");
    const values = await found(example);
    show(example, { ...initialVariables(example), ...values });
    onNotice(missing(example, values));
  }

  return (
    <DropdownMenu>
      <DropdownMenu.Button type="button" disabled={!queryEditor || !variableEditor}>
        Examples <span aria-hidden="true">▾</span>
      </DropdownMenu.Button>
      {/* Focus belongs in the editor afterwards, not back on the button. */}
      <DropdownMenu.Content className="examples" onCloseAutoFocus={(event) => event.preventDefault()}>
        {examples.map((example) => (
          <DropdownMenu.Item key={example.title} className="example" onSelect={() => choose(example)}>
            <span className="example-title">{example.title}</span>
            <span className="example-about">{example.about}</span>
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}
