import { expect, test } from "vitest";

import { beganOf } from "./times.ts";

const NOW = new Date("2026-12-01T18:00:00"); // without a zone: the reader's own

test("when a meeting began is said in the reader's own day and hour", () => {
  expect(beganOf("2026-12-01T14:05:00", NOW)).toBe("Aujourd’hui à 14:05");
  expect(beganOf("2026-11-30T23:55:00", NOW)).toBe("Hier à 23:55");
  expect(beganOf("2026-11-27T09:00:00", NOW)).toBe("vendredi 27 novembre à 09:00");
});
