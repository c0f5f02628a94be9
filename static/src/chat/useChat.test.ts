import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { threadOf } from "./state.ts";
import { useChat } from "./useChat.ts";

interface Posted {
  body: { body: string; ref: string };
  answer: (status?: number) => void;
}

let posted: Posted[] = [];

beforeEach(() => {
  posted = [];
  vi.stubGlobal("WebSocket", class { close = vi.fn(); });
  vi.stubGlobal("fetch", (_address: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as Posted["body"];
    return new Promise<Response>((resolve) => {
      const message = { id: body.ref, author: { name: "Awa", user_id: "u1", participation_id: null }, at: "2026-11-22T09:01:00Z", ...body };
      posted.push({ body, answer: (status = 201) => resolve(new Response(JSON.stringify(message), { status })) });
    });
  });
});
afterEach(() => vi.unstubAllGlobals());

const bodies = () => posted.map(({ body }) => body.body);
const settle = (call: () => void) =>
  act(async () => {
    call();
    await new Promise((resolve) => setTimeout(resolve, 0));
  });

it("sends what was written in one channel in the order of writing, however long an answer takes", async () => {
  const { result } = renderHook(() => useChat("u1"));
  await settle(() => {
    result.current.send("c1", "un");
    result.current.send("c1", "deux");
    result.current.send("c2", "ailleurs");
  });
  expect(bodies()).toEqual(["un", "ailleurs"]);
  await settle(() => posted[0]?.answer());
  expect(bodies()).toEqual(["un", "ailleurs", "deux"]);
});

it("goes on after what was not taken, which keeps its place", async () => {
  const { result } = renderHook(() => useChat("u1"));
  await settle(() => {
    result.current.send("c1", "un");
    result.current.send("c1", "deux");
  });
  await settle(() => posted[0]?.answer(503));
  expect(bodies()).toEqual(["un", "deux"]);
  const [first] = threadOf(result.current.state, "c1").sending;
  expect(first?.failure).not.toBeNull();
  await settle(() => first && result.current.retry("c1", first));
  expect(threadOf(result.current.state, "c1").sending.map(({ body }) => body)).toEqual(["un", "deux"]);
});
