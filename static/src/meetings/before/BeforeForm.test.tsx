import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import type { RoomView } from "../contract.ts";
import { BeforeForm } from "./BeforeForm.tsx";

const ROOM: RoomView = {
  id: "r1",
  slug: "abc-defg-hij",
  title: "Point d’équipe",
  organization: "Ville de Montreuil",
  entry: "organization",
  open: true,
  may_enter: true,
  can_moderate: false,
  removed: false,
  present: [{ name: "Bruno", device: 1, guest: false }],
  inside: false,
  meeting_id: null,
  me: { name: "Awa Diallo" },
  host_present: true,
};
const GUEST: RoomView = { ...ROOM, me: null, may_enter: false, present: null };

afterEach(() => {
  cleanup();
  document.documentElement.lang = "fr";
});

const show = (room: RoomView, refusal: string | null = null) => {
  const onJoin = vi.fn();
  render(<BeforeForm room={room} isJoining={false} refusal={refusal} onJoin={onJoin} />);
  return onJoin;
};

it("lets a member in with one press", () => {
  const onJoin = show(ROOM);
  expect(screen.getByText("Bruno est déjà là.")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Rejoindre" }));
  expect(onJoin).toHaveBeenCalledWith({ shared_microphone: false });
});

it.each([
  ["fr", "Vous êtes déjà dans cette réunion dans une autre fenêtre ou sur un autre appareil.", "Bruno est déjà là."],
  ["en", "You are in this meeting already, in another window or on another device.", "Bruno is already there."],
])("says that one is inside already, beside who else is (%s)", (language, oneself, others) => {
  document.documentElement.lang = language;
  show({ ...ROOM, inside: true, present: [] });
  expect(screen.getByRole("status").textContent).toBe(oneself);
  cleanup();
  show({ ...ROOM, inside: true });
  expect(screen.getByRole("status").textContent).toBe(`${oneself} ${others}`);
  cleanup();
  show({ ...GUEST, inside: true });
  expect(screen.getByRole("status").textContent).toBe(oneself);
});

it("counts people, not their devices", () => {
  show({ ...ROOM, present: [1, 2].map((device) => ({ name: "Bruno", device, guest: false })) });
  expect(screen.getByRole("status").textContent).toBe("Bruno est déjà là.");
});

it("asks a guest for a name before asking the host", () => {
  const onJoin = show(GUEST);
  fireEvent.click(screen.getByRole("button", { name: "Demander à entrer" }));
  expect(onJoin).not.toHaveBeenCalled();
  expect(screen.getByRole("alert").textContent).toContain("Indiquez votre nom");
  fireEvent.change(screen.getByLabelText(/Votre nom/), { target: { value: " Odile " } });
  fireEvent.click(screen.getByRole("button", { name: "Demander à entrer" }));
  expect(onJoin).toHaveBeenCalledWith({ name: "Odile", shared_microphone: false });
});

it("takes a meeting room's name for a shared microphone", () => {
  const onJoin = show(ROOM);
  fireEvent.click(screen.getByRole("checkbox", { name: /Plusieurs personnes partagent ce micro/ }));
  fireEvent.change(screen.getByLabelText(/Nom de la salle/), { target: { value: "Salle 101" } });
  fireEvent.click(screen.getByRole("button", { name: "Rejoindre" }));
  expect(onJoin).toHaveBeenCalledWith({ name: "Salle 101", shared_microphone: true });
});

it("says why one could not come in", () => {
  show(ROOM, "Cette réunion est terminée.");
  expect(screen.getByRole("alert").textContent).toBe("Cette réunion est terminée.");
});
