import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, expect, it, vi } from "vitest";

import { Boundary } from "./Boundary.tsx";

afterEach(cleanup);

function Breaks(): never {
  throw new Error("broken");
}

function BreaksLater() {
  const [isBroken, setIsBroken] = useState(false);
  if (isBroken) throw new Error("broken");
  return <button onClick={() => setIsBroken(true)}>Casser</button>;
}

it("leaves what works alone", () => {
  render(
    <Boundary>
      <p>Bonjour</p>
    </Boundary>,
  );
  expect(screen.getByText("Bonjour")).toBeTruthy();
});

it("shows a sentence and a way on in the place of what broke at once, or later", () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  for (const child of [<Breaks key="now" />, <BreaksLater key="later" />]) {
    render(<Boundary>{child}</Boundary>);
    const button = screen.queryByText("Casser");
    if (button !== null) fireEvent.click(button);
    expect(screen.getByRole("alert").textContent).toContain("Cette partie de la page s’est arrêtée");
    expect(screen.getByRole("button", { name: "Recharger la page" })).toBeTruthy();
    cleanup();
  }
});
