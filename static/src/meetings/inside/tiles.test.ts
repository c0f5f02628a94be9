import { expect, it } from "vitest";

import type { Person } from "../contract.ts";
import { inOrder, nameOf } from "./tiles.ts";

const person = (id: string): Person => ({ participation_id: id, name: id, device: 1, guest: false, shared_microphone: false });
const there = (identity: string, seconds: number) => ({ identity, joinedAt: new Date(1_000 * seconds) });

it("keeps people in their places where their lines are made anew", () => {
  const people = [person("awa"), person("bruno"), person("claire")];
  const shown = inOrder([there("claire", 60), there("odile", 63), there("dilan", 62), there("bruno", 61)], people);
  expect(shown.map(({ identity }) => identity)).toEqual(["bruno", "claire", "dilan", "odile"]);
});

it.each([
  ["fr", "Awa, appareil 2"],
  ["en", "Awa, device 2"],
])("tells a person's further devices from the first (%s)", (language, second) => {
  document.documentElement.lang = language;
  expect(nameOf({ name: "Awa" }, { ...person("Awa"), device: 1 })).toBe("Awa");
  expect(nameOf({ name: "Awa" }, { ...person("Awa"), device: 2 })).toBe(second);
});
