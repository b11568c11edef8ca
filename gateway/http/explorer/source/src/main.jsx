import "./workers.js";
import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
// Not `graphiql/style.css`: that one also embeds 0.4 MB of web fonts and a second copy of Monaco's style sheet.
import "graphiql/graphiql.css";
import "./page.css";
import { createRoot } from "react-dom/client";
import { Explorer } from "./Explorer.jsx";
import { session } from "./session.js";

// GraphiQL asks for the schema as soon as it is mounted, so the account has to be known before.
session.start().then(() => createRoot(document.getElementById("root")).render(<Explorer />));
