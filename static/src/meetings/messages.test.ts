import { readFileSync, globSync } from "node:fs";
import { afterEach, expect, it } from "vitest";

import { say } from "./messages.ts";

const FOLDER = "static/src/meetings";

afterEach(() => {
  document.documentElement.lang = "fr";
});

it("speaks the page's language and fills in values", () => {
  document.documentElement.lang = "fr";
  expect(say("mutedBy", { name: "Awa" })).toBe("Awa a coupé votre micro.");
  document.documentElement.lang = "en";
  expect(say("mutedBy", { name: "Awa" })).toBe("Awa muted your microphone.");
});

it("keeps no sentence that nobody says", () => {
  const code = globSync(`${FOLDER}/**/*.{ts,tsx}`)
    .filter((path) => !path.endsWith("messages.ts") && !path.includes(".test."))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  const keys = [...readFileSync(`${FOLDER}/messages.ts`, "utf8").matchAll(/^ {4}(\w+):/gm)].map((match) => match[1] ?? "");
  expect(keys).toContain("mutedBy");
  const unsaid = [...new Set(keys)].filter((key) => !code.includes(`"${key}"`));
  expect(unsaid).toEqual([]);
});
