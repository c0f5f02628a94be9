import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { ReconnectingSocket, type SocketState } from "./socket.ts";

/** A browser's websocket without a network: the test is the server. */
class Wire {
  static all: Wire[] = [];
  static readonly OPEN = 1;
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly address: string;

  constructor(address: string) {
    this.address = address;
    Wire.all.push(this);
  }

  send(text: string) {
    this.sent.push(text);
  }

  close() {
    this.readyState = 3;
  }

  opened() {
    this.readyState = 1;
    this.onopen?.();
  }
}

const last = (): Wire => {
  const wire = Wire.all.at(-1);
  if (wire === undefined) throw new Error("no socket was opened");
  return wire;
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Wire);
  Wire.all = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const open = (options = {}) => {
  const states: SocketState[] = [];
  const messages: unknown[] = [];
  const refusals: number[] = [];
  const socket = new ReconnectingSocket(
    "/ws/meetings/1/",
    { onMessage: (message) => messages.push(message), onState: (state) => states.push(state), onRefused: (code) => refusals.push(code) },
    options,
  );
  return { socket, states, messages, refusals };
};

it("speaks JSON to the page's own host", () => {
  const { socket, messages } = open();
  expect(last().address).toBe("ws://localhost:3000/ws/meetings/1/");
  expect(socket.send({ type: "early" })).toBe(false);
  last().opened();
  expect(socket.send({ type: "ping" })).toBe(true);
  last().onmessage?.({ data: '{"type":"pong"}' });
  expect(messages).toEqual([{ type: "pong" }]);
});

it("comes back by itself, waiting longer each time", () => {
  const { states } = open();
  last().opened();
  last().onclose?.({ code: 1006 });
  expect(states).toEqual(["open", "lost"]);
  vi.advanceTimersByTime(500);
  expect(Wire.all).toHaveLength(2);
  last().onclose?.({ code: 1006 });
  vi.advanceTimersByTime(400);
  expect(Wire.all).toHaveLength(2);
  vi.advanceTimersByTime(600);
  expect(Wire.all).toHaveLength(3);
  last().opened();
  expect(states).toEqual(["open", "lost", "open"]);
});

it("stays away where it was refused, and says why", () => {
  const { refusals, states } = open();
  last().opened();
  last().onclose?.({ code: 4403 });
  vi.advanceTimersByTime(60_000);
  expect(Wire.all).toHaveLength(1);
  expect(refusals).toEqual([4403]);
  expect(states.at(-1)).toBe("closed");
});

it("takes silence for a lost line within three seconds", () => {
  const { socket, states } = open({ heartbeat: true });
  last().opened();
  vi.advanceTimersByTime(3_000);
  expect(states.at(-1)).toBe("lost");
  expect(socket.send({ type: "agree" })).toBe(false);
  expect(last().sent.at(-1)).toBe('{"type":"ping"}');
  last().onmessage?.({ data: '{"type":"pong"}' });
  expect(states.at(-1)).toBe("open");
});
