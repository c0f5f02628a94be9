import { describe, expect, it } from "vitest";

import { clockOf, endOf, turnAt } from "./turns";

/** Two people, the second of whom begins before the first has ended; then nobody until second 30. */
const TURNS = [
  { sound: "/a", at: 2, since: 1, until: 9 },
  { sound: "/b", at: 8, since: 0, until: 4 },
  { sound: "/a", at: 30, since: 29, until: 35 },
];

describe("turnAt", () => {
  it("finds the turn that is heard at a second of the meeting", () => {
    expect(turnAt(TURNS, 4)).toEqual({ index: 0, second: 3 });
    expect(turnAt(TURNS, 11)).toEqual({ index: 1, second: 3 });
  });

  it("passes over the time in which nobody speaks", () => {
    expect(turnAt(TURNS, 0)).toEqual({ index: 0, second: 1 });
    expect(turnAt(TURNS, 20)).toEqual({ index: 2, second: 29 });
  });

  it("finds nothing after the last word", () => {
    expect(turnAt(TURNS, 36)).toBeNull();
    expect(turnAt([], 0)).toBeNull();
  });
});

describe("clockOf", () => {
  it("writes times as the page does", () => {
    expect([0, 65.9, 3725].map(clockOf)).toEqual(["0:00", "1:05", "1:02:05"]);
  });

  it("ends a turn where its words end", () => {
    expect(TURNS.map(endOf)).toEqual([10, 12, 36]);
  });
});
