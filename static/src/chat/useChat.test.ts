import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { threadOf } from "./state.ts";
import { useChat } from "./useChat.ts";

interface Posted {
  body: { body: string; ref: string };
  answer: (status?: number) => void;
}

let posted: Posted[] = [];
let said: { type: string; message_id?: string }[] = [];

/** A line that is there. */
class Wire {
  static readonly OPEN = 1;
  readyState = 1;
  close = vi.fn();
  send(text: string) {
    said.push(JSON.parse(text) as { type: string });
  }
}

beforeEach(() => {
  posted = [];
  said = [];
  vi.stubGlobal("WebSocket", Wire);
  vi.stubGlobal("fetch", (_address: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as Posted["body"];
    return new Promise<Response>((resolve) => {
      const message = { id: body.ref, author: { name: "Awa", user_id: "u1", participation_id: null }, at: "2026-11-22T09:01:00Z", ...body };
      posted.push({ body, answer: (status = 201) => resolve(new Response(JSON.stringify(message), { status })) });
    });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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

it("asks who leaves the page while something was not taken", async () => {
  const isAsked = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  const { result } = renderHook(() => useChat("u1"));
  await settle(() => result.current.send("c1", "un"));
  expect(isAsked()).toBe(false); // it is sent to its end
  await settle(() => posted[0]?.answer(503));
  expect(isAsked()).toBe(true);
  const [first] = threadOf(result.current.state, "c1").sending;
  await settle(() => first && result.current.retry("c1", first));
  await settle(() => posted[1]?.answer());
  expect(isAsked()).toBe(false);
});

/** Up to which messages the server was told that one has read. */
const read = () => said.filter(({ type }) => type === "read").map(({ message_id }) => message_id);
const flood = (chat: { markRead: (channelId: string, messageId: string) => void }, from: number) => {
  for (let number = from; number < from + 40; number += 1) {
    chat.markRead("c1", String(number));
    vi.advanceTimersByTime(20);
  }
};

it("tells a flood that is read as one reading a second, in each channel for itself", () => {
  vi.useFakeTimers();
  const { result } = renderHook(() => useChat("u1"));
  act(() => flood(result.current, 100));
  expect(read()).toEqual(["100"]);
  act(() => result.current.markRead("c2", "500"));
  expect(read()).toEqual(["100", "500"]);
  vi.advanceTimersByTime(5_000);
  expect(read()).toEqual(["100", "500", "139"]);
});

it.each<[string, (chat: { leave: (channelId: string) => void }, unmount: () => void) => void]>([
  ["the channel", (chat) => act(() => chat.leave("c1"))],
  ["the page", (_chat, unmount) => unmount()],
  ["the browser's tab", () => window.dispatchEvent(new Event("pagehide"))],
])("tells what waits as %s is left", (_what, leave) => {
  vi.useFakeTimers();
  const { result, unmount } = renderHook(() => useChat("u1"));
  act(() => flood(result.current, 100));
  leave(result.current, unmount);
  vi.advanceTimersByTime(5_000);
  expect(read()).toEqual(["100", "139"]);
});
