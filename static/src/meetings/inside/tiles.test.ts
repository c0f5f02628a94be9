import { expect, it } from "vitest";

import type { Person } from "../contract.ts";
import { inOrder } from "./tiles.ts";

const person = (id: string): Person => ({ participation_id: id, name: id, guest: false, shared_microphone: false });
const there = (identity: string, seconds: number) => ({ identity, joinedAt: new Date(1_000 * seconds) });

it("keeps people in their places where their lines are made anew", () => {
  const people = [person("awa"), person("bruno"), person("claire")];
  const shown = inOrder([there("claire", 60), there("odile", 63), there("dilan", 62), there("bruno", 61)], people);
  expect(shown.map(({ identity }) => identity)).toEqual(["bruno", "claire", "dilan", "odile"]);
});
