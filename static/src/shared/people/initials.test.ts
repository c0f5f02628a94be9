import { expect, it } from "vitest";

import cases from "./initials.cases.json";
import { initialsOf } from "./initials.ts";

it.each(cases)("takes $initials for «$name», as the server does", ({ name, initials }) => {
  expect(initialsOf(name)).toBe(initials);
});
