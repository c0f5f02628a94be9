import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { TitleField } from "./TitleField.tsx";

const fetched = vi.fn<(address: string, init: RequestInit) => Promise<Response>>();
const onSaved = vi.fn();
const onFailed = vi.fn();
const saved = () => Promise.resolve(new Response(JSON.stringify({ title: "Compte rendu" })));
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("matchMedia", () => ({ matches: false }));
  fetched.mockImplementation(saved);
  render(<TitleField documentId="d1" title="Brouillon" isEditable onSaved={onSaved} onFailed={onFailed} onDone={() => undefined} />);
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "Compte rendu" } });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.clearAllMocks();
});

it("saves a title a moment after it was typed", async () => {
  await pass(500);
  expect(fetched).not.toHaveBeenCalled();
  await pass(200);
  expect(onSaved).toHaveBeenCalledWith("Compte rendu");
});

it.each([
  ["field", () => fireEvent.blur(screen.getByRole("textbox"))],
  ["page", () => fireEvent(window, new Event("pagehide"))],
])("saves it as the %s is left, to the end", async (_what, leave) => {
  leave();
  expect(fetched).toHaveBeenCalledOnce();
  expect(fetched.mock.calls[0]?.[1].keepalive).toBe(true);
  await pass(5_000);
  expect(fetched).toHaveBeenCalledOnce();
});

it("tries again where nobody answered, and warns who leaves meanwhile", async () => {
  fetched.mockRejectedValueOnce(new TypeError("no network"));
  await pass(700);
  expect(onFailed).toHaveBeenCalledOnce();
  expect(fireEvent(window, new Event("beforeunload", { cancelable: true }))).toBe(false);
  await pass(3_000);
  expect(onSaved).toHaveBeenCalledWith("Compte rendu");
  expect(fireEvent(window, new Event("beforeunload", { cancelable: true }))).toBe(true);
});

it("does not ask again for what was refused", async () => {
  fetched.mockResolvedValueOnce(new Response(JSON.stringify({ code: "not_found", message: "Introuvable." }), { status: 404 }));
  await pass(10_000);
  expect(fetched).toHaveBeenCalledOnce();
  expect(onFailed).toHaveBeenCalledOnce();
});
