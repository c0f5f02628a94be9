import { describe, expect, it } from "vitest";

import type { ChannelInfo, ChannelLine, Message } from "./contract.ts";
import { partsOf } from "./groups.ts";
import { NOTHING, reduce, threadOf, type ChatState } from "./state.ts";

const ME = "me";
const OTHER = "other";

function line(id: string, at: string | null = null, unread = 0): ChannelLine {
  return { id, kind: "channel", title: id, began_at: null, last_message_at: at, unread, other_user_id: null, favourite: false };
}

function info(id: string, lastRead: string | null = null): ChannelInfo {
  return { ...line(id), people: [], may_write: true, may_bring_in: true, may_discard: false, last_read_id: lastRead };
}

function message(id: string, author = OTHER, at = "2026-11-22T10:00:00Z"): Message {
  return { id, author: { name: author, user_id: author, participation_id: null }, body: id, at, ref: `ref-${id}` };
}

function opened(messages: readonly Message[], lastRead: string | null = null): ChatState {
  return reduce(NOTHING, { type: "opened", info: info("a", lastRead), page: { messages, more: false } });
}

describe("the chat's state", () => {
  it("puts the channel that was written in first, and counts what others wrote", () => {
    let state = reduce(NOTHING, { type: "heard", viewerId: ME, heard: { type: "channels", channels: [line("a", "2026-11-21"), line("b", "2026-11-22")] } });
    expect(state.channels?.map(({ id }) => id)).toEqual(["b", "a"]);
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "message", channel_id: "a", message: message("1") } });
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "message", channel_id: "a", message: message("2", ME) } });
    expect(state.channels?.map(({ id, unread }) => [id, unread])).toEqual([["b", 0], ["a", 1]].reverse());
  });

  it("counts a message once, however often it is told", () => {
    const heard = { type: "heard", viewerId: ME, heard: { type: "message", channel_id: "a", message: message("2") } } as const;
    expect([heard, heard].reduce(reduce, opened([message("1")])).channels?.[0]?.unread).toBe(1);
  });

  it("keeps the line of what is new where the conversation was left, though it is read before the answer comes", () => {
    let state = reduce(opened([message("1")], "1"), { type: "closed", channelId: "a" });
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "message", channel_id: "a", message: message("2") } });
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "read", channel_id: "a", message_id: "2" } });
    state = reduce(state, { type: "opened", info: info("a", "2"), page: { messages: [message("1"), message("2")], more: false } });
    expect(threadOf(state, "a").readBefore).toBe("1");
  });

  it("takes nothing for unread again by an answer that was made before it was read", () => {
    let state = opened([message("1"), message("2")], "1");
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "read", channel_id: "a", message_id: "2" } });
    const late = { ...info("a", "1"), unread: 1 };
    state = reduce(state, { type: "opened", info: late, page: { messages: [message("1"), message("2")], more: false } });
    expect(state.channels?.map(({ unread }) => unread)).toEqual([0]);
    state = reduce(state, { type: "info", info: late });
    expect(state.channels?.map(({ unread }) => unread)).toEqual([0]);
    state = reduce(state, { type: "opened", info: { ...late, last_read_id: "2" }, page: { messages: [message("3")], more: false } });
    expect(state.channels?.map(({ unread }) => unread)).toEqual([1]);
  });

  it("shows what was sent once, whichever of answer and socket comes first", () => {
    const sending = { ref: "ref-1", body: "1", at: "", failure: null };
    let state = reduce(opened([]), { type: "sending", channelId: "a", sending });
    expect(threadOf(state, "a").sending).toHaveLength(1);
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "message", channel_id: "a", message: message("1", ME) } });
    state = reduce(state, { type: "posted", viewerId: ME, channelId: "a", message: message("1", ME) });
    expect(threadOf(state, "a")).toMatchObject({ sending: [], messages: [{ id: "1" }] });
  });

  it("shows what was sent before the conversation had come once, whichever comes first", () => {
    const sending = { ref: "ref-1", body: "1", at: "", failure: null };
    const written = reduce(NOTHING, { type: "sending", channelId: "a", sending });
    const posted = { type: "posted", viewerId: ME, channelId: "a", message: message("1", ME) } as const;
    const empty = { type: "opened", info: info("a"), page: { messages: [], more: false } } as const;
    const full = { ...empty, page: { messages: [message("1", ME)], more: false } };
    expect(threadOf(reduce(written, empty), "a").sending).toHaveLength(1);
    expect(threadOf(reduce(written, full), "a").sending).toEqual([]);
    for (const actions of [[posted, empty], [posted, full], [empty, posted], [full, posted]]) {
      expect(threadOf(actions.reduce(reduce, written), "a")).toMatchObject({ sending: [], messages: [{ id: "1" }] });
    }
  });

  it("keeps what did not go, with the reason, until it is sent again", () => {
    const sending = { ref: "r", body: "1", at: "", failure: null };
    let state = reduce(opened([]), { type: "sending", channelId: "a", sending });
    state = reduce(state, { type: "sending", channelId: "a", sending: { ...sending, ref: "another" } });
    state = reduce(state, { type: "not sent", channelId: "a", ref: "r", failure: "hors ligne" });
    expect(threadOf(state, "a").sending).toMatchObject([{ ref: "r", failure: "hors ligne" }, { ref: "another", failure: null }]);
    state = reduce(state, { type: "sending", channelId: "a", sending });
    expect(threadOf(state, "a").sending).toMatchObject([{ ref: "r", failure: null }, { ref: "another", failure: null }]); // in the order of writing
  });

  it("catches up after a lost line, and starts afresh where too much was missed", () => {
    const state = opened([message("1"), message("2")]);
    const near = reduce(state, { type: "caught up", channelId: "a", page: { messages: [message("2"), message("3")], more: true } });
    expect(threadOf(near, "a").messages.map(({ id }) => id)).toEqual(["1", "2", "3"]);
    const far = reduce(state, { type: "caught up", channelId: "a", page: { messages: [message("8"), message("9")], more: true } });
    expect(threadOf(far, "a")).toMatchObject({ hasMore: true, messages: [{ id: "8" }, { id: "9" }] });
  });

  it("forgets a channel that was taken away", () => {
    const state = reduce(opened([message("1")]), { type: "heard", viewerId: ME, heard: { type: "channel_gone", channel_id: "a" } });
    expect(state.channels).toEqual([]);
    expect(threadOf(state, "a")).toMatchObject({ isGone: true, messages: [] });
  });

  it("reads to zero", () => {
    let state = reduce(opened([message("1")]), { type: "heard", viewerId: ME, heard: { type: "message", channel_id: "a", message: message("2") } });
    expect(state.channels?.[0]?.unread).toBe(1);
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "read", channel_id: "a", message_id: "0" } });
    expect(state.channels?.[0]?.unread).toBe(1); // of what came before all that is shown, nothing can be counted
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "read", channel_id: "a", message_id: "2" } });
    expect(state.channels?.[0]?.unread).toBe(0);
  });

  it("counts what is read here at once, and takes no late word of it for news", () => {
    let state = opened([message("1"), message("2"), message("3")]);
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "channels", channels: [{ ...info("a", null), unread: 3 }] } });
    state = reduce(state, { type: "read", channelId: "a", messageId: "3", viewerId: ME });
    expect(state.channels?.[0]?.unread).toBe(0);
    state = reduce(state, { type: "heard", viewerId: ME, heard: { type: "read", channel_id: "a", message_id: "1" } });
    expect(state.channels?.[0]?.unread).toBe(0);
  });
});

describe("a thread's parts", () => {
  it("puts one person's messages together, and days and what is new apart", () => {
    const parts = partsOf(
      [
        message("1", OTHER, "2026-11-21T10:00:00"),
        message("2", OTHER, "2026-11-21T10:01:00"),
        message("3", ME, "2026-11-21T10:02:00"),
        message("4", OTHER, "2026-11-22T10:00:00"),
      ],
      "2",
      ME,
    );
    expect(parts.map((part) => (part.kind === "group" ? part.group.messages.map(({ id }) => id).join() : part.kind))).toEqual(["day", "1,2", "3", "day", "unread", "4"]);
  });

  it("begins anew after five minutes", () => {
    const parts = partsOf([message("1", ME, "2026-11-21T10:00:00"), message("2", ME, "2026-11-21T10:05:00")], "2", ME);
    expect(parts.map(({ kind }) => kind)).toEqual(["day", "group", "group"]);
  });

  it("draws no line above the first message there is", () => {
    expect(partsOf([message("1")], null, ME).map(({ kind }) => kind)).toEqual(["day", "group"]);
  });
});
