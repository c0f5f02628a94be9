import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Reading } from "./Reading.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const heard = () => vi.fn<(messageId: string) => boolean>(() => true);

it("tells the first at once, and of a flood the newest once a second", () => {
  const tell = heard();
  const reading = new Reading(tell);
  for (let number = 100; number < 300; number += 1) {
    reading.upTo(String(number));
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(5_000);
  expect(tell.mock.calls.length).toBeLessThanOrEqual(4);
  expect(tell.mock.calls.map(([id]) => id).at(0)).toBe("100");
  expect(tell.mock.calls.map(([id]) => id).at(-1)).toBe("299");
});

it("tells nothing twice and never goes back", () => {
  const tell = heard();
  const reading = new Reading(tell);
  for (const id of ["2", "1", "2"]) {
    reading.upTo(id);
    vi.advanceTimersByTime(2_000);
  }
  expect(tell.mock.calls).toEqual([["2"]]);
});

it("tells again what was not heard, and on leaving what waits", () => {
  const tell = heard().mockReturnValueOnce(false);
  const reading = new Reading(tell);
  reading.upTo("1");
  reading.upTo("1");
  reading.upTo("2");
  reading.close();
  vi.advanceTimersByTime(2_000);
  expect(tell.mock.calls).toEqual([["1"], ["1"], ["2"]]);
});
