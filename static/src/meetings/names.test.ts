import { describe, expect, it } from "vitest";

import { sayNames } from "./names.ts";

describe("names", () => {
  it("are listed as people say them", () => {
    expect(sayNames(["Awa"])).toBe("Awa");
    expect(sayNames(["Awa", "Bruno"])).toBe("Awa et Bruno");
    expect(sayNames(["Awa", "Bruno", "Chloé"])).toBe("Awa, Bruno et Chloé");
    expect(sayNames(["Awa", "Bruno", "Chloé", "Dilan", "Eva"])).toBe("Awa, Bruno, Chloé et 2 autres");
  });
});
