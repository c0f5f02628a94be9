import { describe, expect, it } from "vitest";

import { initialsOf, sayNames } from "./names.ts";

describe("names", () => {
  it("are listed as people say them", () => {
    expect(sayNames(["Awa"])).toBe("Awa");
    expect(sayNames(["Awa", "Bruno"])).toBe("Awa et Bruno");
    expect(sayNames(["Awa", "Bruno", "Chloé", "Dilan", "Eva"])).toBe("Awa, Bruno, Chloé et 2 autres");
  });

  it("have initials of letters only", () => {
    expect(initialsOf("Awa Diallo")).toBe("AD");
    expect(initialsOf("Dilan (mobile)")).toBe("D");
    expect(initialsOf("Salle 101")).toBe("S");
    expect(initialsOf("  ")).toBe("");
  });
});
