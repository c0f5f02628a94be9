import { describe, expect, it } from "vitest";

import type { ChatMessage, JoinAnswer, Person, ServerMessage, StateMessage } from "./contract.ts";
import { isMine, nextSession, openSession, type Session, type SessionEvent } from "./session.ts";

const ANSWER: JoinAnswer = { state: "waiting", participation_id: "p1", meeting_id: "m1", socket: "/ws/meetings/m1/?participation=p1" };
const AWA: Person = { participation_id: "p1", name: "Awa", device: 1, guest: false, shared_microphone: false };
const BRUNO: Person = { participation_id: "p2", name: "Bruno", device: 1, guest: false, shared_microphone: false };

const state = (change: Partial<StateMessage> = {}): StateMessage => ({
  type: "state",
  meeting: { id: "m1", title: "Point d’équipe", room_slug: "abc-defg-hij", started_at: "2026-11-22T09:00:00Z" },
  me: { participation_id: "p1", name: "Awa", state: "admitted", can_moderate: true, guest: false, user_id: "u1" },
  waiting: [],
  people: [AWA],
  transcription: null,
  messages: [],
  ...change,
});
const written = (id: string, participation: string, body = "Bonjour"): ChatMessage => ({
  id,
  author: { name: participation, user_id: null, participation_id: participation },
  body,
  at: "2026-11-22T09:01:00Z",
  ref: id,
});
const after = (...events: SessionEvent[]): Session => events.reduce(nextSession, openSession(ANSWER));

describe("a session", () => {
  it("waits until the door opens", () => {
    expect(after().entry).toBeNull();
    expect(after({ type: "admitted", url: "ws://x", token: "t" }).entry).toEqual({ url: "ws://x", token: "t" });
  });

  it("keeps its first token where it is let in twice", () => {
    const first = { type: "admitted", url: "ws://x", token: "t" } as const;
    expect(after(first, { ...first, token: "another" }).entry?.token).toBe("t");
  });

  it("enters at once where the door was open", () => {
    expect(openSession({ ...ANSWER, state: "admitted", url: "ws://x", token: "t" }).entry).not.toBeNull();
  });

  it("is the same by messages as by a fresh state", () => {
    const message = written("1", "p2");
    const byMessages = after(state(), { type: "people", people: [AWA, BRUNO] }, { type: "message", message }, { type: "notice_seen" });
    expect(byMessages).toEqual(after(state({ people: [AWA, BRUNO], messages: [message] })));
  });

  it("shows a message once, however often it is told", () => {
    const message = written("1", "p2");
    expect(after(state(), { type: "message", message }, { type: "message", message }).messages).toHaveLength(1);
  });

  it("does not announce to me what I wrote", () => {
    expect(after(state(), { type: "message", message: written("1", "p1") }).notice).toBeNull();
    expect(after(state(), { type: "message", message: written("1", "p2") }).notice?.kind).toBe("written");
  });

  it("knows what I wrote before I came back", () => {
    const before: ChatMessage = { ...written("1", "p0"), author: { name: "Awa", user_id: "u1", participation_id: "p0" } };
    expect(isMine(after(state()).me, before)).toBe(true);
    expect(isMine(after(state()).me, written("1", "p2"))).toBe(false);
  });

  it("keeps what I write until the server has it, also over a line that was lost meanwhile", () => {
    const wrote: SessionEvent = { type: "wrote", ref: "r1", body: "Bonjour" };
    const sending = after(state(), wrote);
    expect(sending.sending).toEqual([{ ref: "r1", body: "Bonjour", failure: null }]);
    expect(nextSession(sending, state()).sending).toHaveLength(1);
    expect(nextSession(sending, state({ messages: [written("r1", "p1")] })).sending).toEqual([]);
    expect(nextSession(sending, { type: "message", message: written("r1", "p1") }).sending).toEqual([]);
  });

  it("says of what I wrote why it was not taken, until it is sent again", () => {
    const wrote: SessionEvent = { type: "wrote", ref: "r1", body: "Bonjour" };
    const refused = after(state(), wrote, { type: "error", code: "unavailable", message: "Réessayez.", ref: "r1" });
    expect(refused.sending[0]?.failure).toBe("Réessayez.");
    expect(refused.notice).toBeNull();
    expect(nextSession(refused, wrote).sending).toEqual([{ ref: "r1", body: "Bonjour", failure: null }]);
  });

  it("troubles nobody with a reading that was refused", () => {
    expect(after(state(), { type: "error", code: "not_found", message: "Introuvable.", ref: "m1" })).toEqual(after(state()));
  });

  it("tells who asks to enter, and stops when nobody does any more", () => {
    const guest = { participation_id: "p9", name: "Odile", since: "2026-11-22T09:02:00Z" };
    const asked = after(state(), { type: "waiting", waiting: [guest] });
    expect(asked.notice).toEqual({ kind: "waiting", names: ["Odile"] });
    expect(nextSession(asked, { type: "waiting", waiting: [] }).notice).toBeNull();
  });

  it("tells nothing of somebody whose line was lost for a moment", () => {
    const back = after(state({ people: [AWA, BRUNO] }), { type: "people", people: [AWA] }, { type: "people", people: [AWA, BRUNO] });
    expect(back.notice).toBeNull();
    expect(nextSession(back, { type: "parted", participation_id: "p2" }).notice).toBeNull();
    const whole = state({ people: [AWA, BRUNO] });
    const backByState = after(whole, { type: "people", people: [AWA] }, whole);
    expect(nextSession(backByState, { type: "parted", participation_id: "p2" }).notice).toBeNull();
  });

  it("says who came and who went, never about me", () => {
    const together = after(state(), { type: "people", people: [AWA, BRUNO] });
    expect(together.notice).toEqual({ kind: "came", name: "Bruno" });
    const alone = nextSession(nextSession(together, { type: "notice_seen" }), { type: "people", people: [AWA] });
    expect(alone.notice).toBeNull();
    expect(nextSession(alone, { type: "parted", participation_id: "p2" }).notice).toEqual({ kind: "went", name: "Bruno" });
    expect(after(state({ people: [] }), { type: "people", people: [AWA] }).notice).toBeNull();
  });

  it("keeps the first reason for which it ended", () => {
    expect(after(state(), { type: "removed" }, { type: "over", ending: "lost" }).ending).toBe("removed");
  });

  it("has to ask again where the request was given up meanwhile", () => {
    const me = { participation_id: "p1", name: "Odile", state: "left" as const, can_moderate: false, guest: true, user_id: null };
    expect(after(state({ me })).ending).toBe("lost");
  });

  it("is over where the server answers that the meeting has ended, and goes on after any other refusal", () => {
    expect(after(state(), { type: "error", code: "meeting_ended", message: "…" }).ending).toBe("ended");
    const refused = after(state(), { type: "error", code: "too_many", message: "Patientez un instant." });
    expect(refused.ending).toBeNull();
    expect(refused.notice).toEqual({ kind: "refusal", sentence: "Patientez un instant." });
  });

  it("ignores what a newer server says", () => {
    const newer = { type: "weather" } as unknown as ServerMessage;
    expect(after(state(), newer)).toEqual(after(state()));
  });
});
