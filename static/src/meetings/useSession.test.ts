import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { JoinAnswer, Me, StateMessage } from "./contract.ts";
import { useSession } from "./useSession.ts";

/** A browser's websocket without a network: the test is the server. */
class Wire {
  static last: Wire | null = null;
  static readonly OPEN = 1;
  readyState = 1;
  sent: { type: string }[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor() {
    Wire.last = this;
  }

  send(text: string) {
    this.sent.push(JSON.parse(text) as { type: string });
  }

  close() {
    this.readyState = 3;
  }
}

const ANSWER: JoinAnswer = { state: "admitted", participation_id: "p1", meeting_id: "m1", socket: "/ws/meetings/m1/", url: "wss://media", token: "t" };
const ME: Me = { participation_id: "p1", name: "Awa", state: "admitted", can_moderate: false, guest: false, user_id: "u1" };
const state = (me: Me): StateMessage => ({
  type: "state",
  meeting: { id: "m1", title: "Budget", room_slug: "abc", started_at: "2026-11-22T09:00:00Z" },
  me,
  waiting: [],
  people: [],
  transcription: null,
  messages: [],
});

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Wire);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const inside = (me: Me) => {
  const { result } = renderHook(() => useSession(ANSWER, me.user_id !== null));
  act(() => {
    vi.advanceTimersByTime(300);
    Wire.last?.onopen?.();
    Wire.last?.onmessage?.({ data: JSON.stringify(state(me)) });
  });
  return result;
};
const sent = () => Wire.last?.sent.filter(({ type }) => type !== "ping");

it("says what was read, once for what comes in a moment, and the rest before leaving", () => {
  const live = inside(ME);
  act(() => ["1", "2", "3"].forEach((id) => live.current.markRead(id)));
  expect(sent()).toEqual([{ type: "read", message_id: "1", ref: "1" }]);
  act(() => live.current.leave("left"));
  expect(sent()?.slice(1)).toEqual([{ type: "read", message_id: "3", ref: "3" }, { type: "leave" }]);
});

it("says nothing of a guest's reading", () => {
  const live = inside({ ...ME, guest: true, user_id: null });
  act(() => live.current.markRead("1"));
  expect(sent()).toEqual([]);
});

it("asks who leaves the page before what they wrote was sent, and no longer once it was", () => {
  const isAsked = () => !window.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  const { result: live } = renderHook(() => useSession(ANSWER, true));
  expect(isAsked()).toBe(false);
  act(() => live.current.write("Bonjour"));
  expect(isAsked()).toBe(true); // the line is not there yet
  act(() => {
    vi.advanceTimersByTime(300);
    Wire.last?.onopen?.();
    Wire.last?.onmessage?.({ data: JSON.stringify(state(ME)) });
  });
  expect(sent()?.map(({ type }) => type)).toEqual(["message"]);
  expect(isAsked()).toBe(false);
});
