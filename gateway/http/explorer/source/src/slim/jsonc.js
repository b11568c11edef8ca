// "Prettify" lays out the variables through Prettier, for which GraphiQL loads a JavaScript parser and printer of
// half a megabyte. This is the same job as a Prettier plugin over the JSON parser that is in the bundle anyway.
import { applyEdits, format } from "jsonc-parser";

const LAYOUT = { insertSpaces: true, tabSize: 2, eol: "\n" };

export const parsers = {
  jsonc: {
    astFormat: "jsonc-text",
    parse: (text) => ({ text }),
    locStart: () => 0,
    locEnd: (node) => node.text.length,
  },
};

export const printers = {
  "jsonc-text": {
    print: ({ node }) => applyEdits(node.text, format(node.text, undefined, LAYOUT)),
  },
};
