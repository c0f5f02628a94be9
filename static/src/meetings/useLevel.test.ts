import { expect, it } from "vitest";

import { loudness } from "./useLevel.ts";

it("hears silence as nothing and full scale as everything", () => {
  expect(loudness(new Float32Array(512))).toBe(0);
  expect(loudness(new Float32Array(512).fill(1))).toBe(1);
  expect(loudness(new Float32Array(0))).toBe(0);
  expect(loudness(new Float32Array(512).fill(10 ** (-30 / 20)))).toBeCloseTo(0.5); // half of 60 dB
});
