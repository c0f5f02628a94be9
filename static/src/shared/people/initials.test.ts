import { expect, it } from "vitest";

import { initialsOf } from "./initials.ts";

it("takes letters of the first and the last word", () => {
  expect(initialsOf("Awa Diallo")).toBe("AD");
  expect(initialsOf("Anne-Lise")).toBe("AL");
  expect(initialsOf("Jean de la Fontaine")).toBe("JF");
  expect(initialsOf("élodie d’Artois")).toBe("ÉD");
  expect(initialsOf("E\u0301lodie")).toBe("E\u0301");
  expect(initialsOf("Dilan (mobile)")).toBe("D");
  expect(initialsOf("Salle 101")).toBe("S");
  expect(initialsOf("  ")).toBe("");
});
