import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";

import type { ChatMessage, Me } from "../contract.ts";
import type { Sending } from "../session.ts";
import { ChatPanel } from "./ChatPanel.tsx";

const written = (id: string, name: string, body: string): ChatMessage => ({
  id,
  author: { name, user_id: null, participation_id: name },
  body,
  at: "2026-11-22T09:01:00Z",
  ref: id,
});

beforeAll(() => {
  // jsdom lays nothing out.
  Element.prototype.scrollIntoView = () => undefined;
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

const ME: Me = { participation_id: "me", name: "Awa", state: "admitted", can_moderate: false, guest: false, user_id: "u1" };
const field = () => screen.getByLabelText<HTMLTextAreaElement>("Écrire un message");

interface Given {
  write?: (body: string, ref?: string) => void;
  messages?: readonly ChatMessage[];
  sending?: readonly Sending[];
  isLineOpen?: boolean;
  onRead?: (messageId: string) => void;
}

const NOT_READ = (): void => undefined;

function Shown({ write = () => undefined, messages = [], sending = [], isLineOpen = true, onRead = NOT_READ }: Given) {
  const [draft, setDraft] = useState("");
  const [isOpen, setIsOpen] = useState(true);
  if (!isOpen) return <button onClick={() => setIsOpen(true)}>Rouvrir</button>;
  return (
    <ChatPanel
      messages={messages}
      sending={sending}
      me={ME}
      draft={draft}
      isLineOpen={isLineOpen}
      onDraft={setDraft}
      write={write}
      onRead={onRead}
      onClose={() => setIsOpen(false)}
    />
  );
}

it("sends with Enter, goes to a new line with Shift and Enter", () => {
  const write = vi.fn();
  render(<Shown write={write} />);
  fireEvent.change(field(), { target: { value: " Bonjour " } });
  fireEvent.keyDown(field(), { key: "Enter", shiftKey: true });
  expect(write).not.toHaveBeenCalled();
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(write).toHaveBeenCalledWith("Bonjour");
  expect(field().value).toBe("");
});

it("keeps what was begun while another panel is open", () => {
  render(<Shown />);
  fireEvent.change(field(), { target: { value: "À moitié" } });
  fireEvent.click(screen.getByLabelText("Fermer"));
  fireEvent.click(screen.getByText("Rouvrir"));
  expect(field().value).toBe("À moitié");
});

it("cuts nothing off: what is too long stays, with how much too long it is", () => {
  const write = vi.fn();
  render(<Shown write={write} />);
  fireEvent.change(field(), { target: { value: "🙂".repeat(8_012) } });
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(write).not.toHaveBeenCalled();
  expect(screen.getByRole("alert").textContent).toContain("12 caractères de trop");
  fireEvent.change(field(), { target: { value: "🙂".repeat(8_000) } });
  expect(screen.queryByRole("alert")).toBeNull();
});

it("shows what has not left, and why", () => {
  const write = vi.fn();
  const { rerender } = render(<Shown write={write} sending={[{ ref: "r1", body: "Bonjour", failure: null }]} isLineOpen={false} />);
  expect(screen.getByText("Bonjour")).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain("Pas encore envoyé");
  rerender(<Shown write={write} sending={[{ ref: "r1", body: "Bonjour", failure: "Réessayez." }]} />);
  expect(screen.getByRole("alert").textContent).toContain("Non envoyé : Réessayez.");
  fireEvent.click(screen.getByText("Réessayer"));
  expect(write).toHaveBeenCalledWith("Bonjour", "r1");
});

it("names an author once for what they write in one go, and makes addresses links and nothing else", () => {
  const messages = [
    written("1", "Bruno", "Voir https://example.org/a."),
    written("2", "Bruno", "<b>gras</b>"),
    written("3", "me", "Merci"),
  ];
  render(<Shown messages={messages} />);
  expect(screen.getAllByText("Bruno")).toHaveLength(1);
  expect(screen.getByRole("link").getAttribute("href")).toBe("https://example.org/a");
  expect(screen.getByText("<b>gras</b>")).toBeTruthy();
  expect(screen.getByText("Vous")).toBeTruthy();
});

const MESSAGES = [written("1", "Bruno", "un"), written("2", "Bruno", "deux"), written("3", "Bruno", "trois")];

it("tells what was read while it is open, the page visible and the line there", () => {
  const onRead = vi.fn();
  const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  const { rerender } = render(<Shown messages={MESSAGES.slice(0, 1)} onRead={onRead} />);
  expect(onRead).not.toHaveBeenCalled();
  visibility.mockReturnValue("visible");
  fireEvent(document, new Event("visibilitychange"));
  expect(onRead).toHaveBeenLastCalledWith("1");
  rerender(<Shown messages={MESSAGES.slice(0, 2)} onRead={onRead} isLineOpen={false} />);
  expect(onRead).toHaveBeenLastCalledWith("1");
  rerender(<Shown messages={MESSAGES.slice(0, 2)} onRead={onRead} />);
  expect(onRead).toHaveBeenLastCalledWith("2");
  fireEvent.click(screen.getByLabelText("Fermer"));
  rerender(<Shown messages={MESSAGES} onRead={onRead} />);
  expect(onRead).toHaveBeenLastCalledWith("2");
});

it("does not take for read what is below what one reads", () => {
  const onRead = vi.fn();
  const { container, rerender } = render(<Shown messages={MESSAGES.slice(0, 2)} onRead={onRead} />);
  const body = container.querySelector<HTMLElement>(".panel__body");
  if (body === null) throw new Error("the panel has no body");
  Object.defineProperties(body, { scrollHeight: { value: 1_000 }, clientHeight: { value: 300 } });
  fireEvent.scroll(body, { target: { scrollTop: 100 } });
  rerender(<Shown messages={MESSAGES} onRead={onRead} />);
  expect(onRead).not.toHaveBeenCalledWith("3");
  fireEvent.scroll(body, { target: { scrollTop: 700 } });
  expect(onRead).toHaveBeenLastCalledWith("3");
});
