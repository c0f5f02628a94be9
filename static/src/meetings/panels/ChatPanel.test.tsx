import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, expect, it, vi } from "vitest";

import type { ChatMessage } from "../contract.ts";
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
afterEach(cleanup);

const field = () => screen.getByLabelText<HTMLTextAreaElement>("Écrire un message");
const show = (send: (message: object) => boolean, isLineOpen: boolean, messages: readonly ChatMessage[] = []) => (
  <ChatPanel messages={messages} myId="me" isLineOpen={isLineOpen} send={send} onClose={() => undefined} />
);

it("sends with Enter, goes to a new line with Shift and Enter", () => {
  const send = vi.fn(() => true);
  render(show(send, true));
  fireEvent.change(field(), { target: { value: "Bonjour" } });
  fireEvent.keyDown(field(), { key: "Enter", shiftKey: true });
  expect(send).not.toHaveBeenCalled();
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(send).toHaveBeenCalledWith(expect.objectContaining({ type: "message", body: "Bonjour" }));
  expect(field().value).toBe("");
});

it("keeps what could not leave, and sends it when the line is there", async () => {
  let isOpen = false;
  const send = vi.fn(() => isOpen);
  const { rerender } = render(show(send, false));
  fireEvent.change(field(), { target: { value: "Bonjour" } });
  fireEvent.keyDown(field(), { key: "Enter" });
  expect(field().value).toBe("Bonjour");
  expect(screen.getByRole("alert").textContent).toContain("Pas encore envoyé");
  isOpen = true;
  rerender(show(send, true));
  await waitFor(() => expect(field().value).toBe(""));
  expect(send).toHaveBeenCalledTimes(2);
});

it("names an author once for what they write in one go, and makes addresses links and nothing else", () => {
  const messages = [
    written("1", "Bruno", "Voir https://example.org/a."),
    written("2", "Bruno", "<b>gras</b>"),
    written("3", "me", "Merci"),
  ];
  render(show(() => true, true, messages));
  expect(screen.getAllByText("Bruno")).toHaveLength(1);
  expect(screen.getByRole("link").getAttribute("href")).toBe("https://example.org/a");
  expect(screen.getByText("<b>gras</b>")).toBeTruthy();
  expect(screen.getByText("Vous")).toBeTruthy();
});
