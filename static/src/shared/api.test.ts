import { afterEach, expect, it, vi } from "vitest";

import { ApiError, callApi } from "./api.ts";
import { sharedMessages } from "./messages.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  document.cookie = "suite_csrf=; max-age=0";
});

const answering = (body: string, status = 200) => {
  const fetched = vi.fn(() => Promise.resolve(new Response(body, { status })));
  vi.stubGlobal("fetch", fetched);
  return fetched;
};

it("sends JSON with the form's token and gives the answer", async () => {
  document.cookie = "suite_csrf=abc";
  const fetched = answering('{"slug":"x"}', 201);
  expect(await callApi("/api/rooms/", { method: "POST", body: { title: "T" } })).toEqual({ slug: "x" });
  const [, given] = fetched.mock.calls[0] as unknown as [string, RequestInit];
  expect(given.headers).toMatchObject({ "X-CSRFToken": "abc", "Content-Type": "application/json" });
  expect(given.body).toBe('{"title":"T"}');
});

it("passes on the server's own sentence", async () => {
  answering('{"code":"not_found","message":"Cette page n’existe pas."}', 404);
  await expect(callApi("/api/x/")).rejects.toMatchObject({ code: "not_found", message: "Cette page n’existe pas.", status: 404 });
});

it("has a sentence of its own for an answer that is none, and for silence", async () => {
  answering("<html>", 502);
  await expect(callApi("/api/x/")).rejects.toMatchObject({ code: "error", status: 502, message: sharedMessages("error") });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
  const refusal: unknown = await callApi("/api/x/").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(ApiError);
  expect(refusal).toMatchObject({ code: "unreachable", status: 0, message: sharedMessages("unreachable") });
});
