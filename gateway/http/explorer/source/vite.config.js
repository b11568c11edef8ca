import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const local = (path) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // Relative, so that the page may be mounted under any path.
  base: "./",
  plugins: [react()],
  resolve: {
    alias: [
      // monaco-graphql reaches the editor through this one module, as `./monaco-editor` from inside.
      { find: /^(monaco-graphql\/esm|\.)\/monaco-editor(\.js)?$/, replacement: local("src/slim/monaco.js") },
      { find: /^prettier\/(parser-babel|plugins\/estree)$/, replacement: local("src/slim/jsonc.js") },
    ],
  },
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    // The style sheet says light-dark(); an older target would have it rewritten at ten times the length.
    target: ["chrome123", "firefox120", "safari17.5"],
    // The bundle carries other people's code, and their licences ask to travel with it.
    license: { fileName: "licenses.md" },
    // The editor is one lazy chunk of 2.5 MB; splitting it further only adds requests.
    chunkSizeWarningLimit: 3000,
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
