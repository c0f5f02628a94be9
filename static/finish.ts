import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import type { Plugin } from "vite";

const DIST = join(import.meta.dirname, "dist");
const DSFR_STYLESHEETS = ["dsfr/dist/dsfr.main.min.css", "dsfr/dist/utility/icons/icons.main.min.css"];
const BYTES_MIN = 1024;

/** Where django-dsfr keeps its static files: beside the Node that a wheel brought, or where Python says. */
function dsfrStatic(): string {
  const beside = join(dirname(process.execPath), "..", "..", "dsfr", "static");
  if (existsSync(beside)) return beside;
  const python = existsSync(".venv/bin/python") ? ".venv/bin/python" : "python3";
  const code = "import importlib.util as u; print(u.find_spec('dsfr').submodule_search_locations[0])";
  return join(execFileSync(python, ["-c", code], { encoding: "utf8" }).trim(), "static");
}

/** A font that comes after the first picture is for the next page: put into this one it would move what people read. */
function stillWithLateFonts(css: string): string {
  return css.replaceAll("font-display:swap", "font-display:optional");
}

function compress(path: string): void {
  const plain = readFileSync(path);
  const twins: [string, Buffer][] = [
    [".gz", gzipSync(plain, { level: 9 })],
    [".br", brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } })],
  ];
  for (const [suffix, packed] of twins) {
    if (packed.length < plain.length * 0.95) writeFileSync(path + suffix, packed);
  }
}

/**
 * The last step of a build: takes the State's stylesheets from the Python package that ships them, and writes a
 * compressed twin (`.gz`, `.br`) beside everything that compresses, for WhiteNoise to serve.
 */
export function finish(): Plugin {
  return {
    name: "suite-finish",
    apply: "build",
    closeBundle() {
      const source = dsfrStatic();
      for (const stylesheet of DSFR_STYLESHEETS) {
        const target = join(DIST, stylesheet);
        mkdirSync(dirname(target), { recursive: true });
        writeFileSync(target, stillWithLateFonts(readFileSync(join(source, stylesheet), "utf8")));
      }
      for (const name of globSync("**/*.{js,css,svg,json,wasm}", { cwd: DIST })) {
        const path = join(DIST, name);
        if (statSync(path).size >= BYTES_MIN) compress(path);
      }
    },
  };
}
