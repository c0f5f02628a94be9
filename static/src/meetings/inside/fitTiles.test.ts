import { describe, expect, it } from "vitest";

import { fitTiles } from "./fitTiles.ts";

const ASPECT = 16 / 9;

describe("fitTiles", () => {
  it("puts two people side by side on a wide stage, whole", () => {
    expect(fitTiles({ count: 2, width: 1256, height: 725, gap: 8 })).toEqual({ columns: 2, rows: 1, width: 624, height: 351 });
  });

  it("puts two people one above the other on a telephone", () => {
    expect(fitTiles({ count: 2, width: 374, height: 650, gap: 8 }).columns).toBe(1);
  });

  it("gives one person the whole stage", () => {
    const fit = fitTiles({ count: 1, width: 1600, height: 900, gap: 8 });
    expect(fit.width).toBe(1600);
  });

  it.each([320, 390, 768, 1280, 2560])("fits any count into a stage %i wide, in 16:9", (width) => {
    for (let count = 1; count <= 49; count += 1) {
      const height = Math.round(width * 0.6);
      const fit = fitTiles({ count, width, height, gap: 8 });
      expect(fit.columns * fit.rows).toBeGreaterThanOrEqual(count);
      expect(fit.columns * fit.width + (fit.columns - 1) * 8).toBeLessThanOrEqual(width);
      expect(fit.rows * fit.height + (fit.rows - 1) * 8).toBeLessThanOrEqual(height);
      expect(Math.abs(fit.width / fit.height - ASPECT)).toBeLessThan(0.15);
    }
  });

  it("survives a stage without any room", () => {
    expect(fitTiles({ count: 3, width: 0, height: 0, gap: 8 }).width).toBe(0);
  });
});
