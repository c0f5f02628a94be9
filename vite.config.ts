import { globSync } from "node:fs";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

import { finish } from "./static/finish.ts";

/** One entry an island: `static/src/<app>/main.ts(x)`, named in a template by `{% vite_asset %}`. */
const entries = globSync("static/src/*/main.{ts,tsx}", { cwd: import.meta.dirname });

export const configuration = defineConfig({
  root: import.meta.dirname,
  base: "/static/",
  publicDir: "static/public",
  plugins: [react(), finish()],
  build: {
    outDir: "static/dist",
    emptyOutDir: true,
    manifest: ".vite/manifest.json",
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      input: entries,
      output: {
        entryFileNames: (chunk) => `assets/${chunk.facadeModuleId?.split("/").at(-2) ?? chunk.name}-[hash].js`,
        codeSplitting: {
          groups: [{ name: "react", test: /node_modules\/(react|react-dom|scheduler)\// }],
        },
      },
    },
  },
});

// Vite reads its configuration from the default export.
export { configuration as default };
