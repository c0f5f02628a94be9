import type { Message } from "./contract.ts";

const TOGETHER_MS = 5 * 60_000;

/** What one person wrote without a pause. */
export interface Group {
  key: string;
  author: Message["author"];
  at: string;
  messages: readonly Message[];
}

export type Part = { kind: "day"; key: string; at: string } | { kind: "unread"; key: string } | { kind: "group"; key: string; group: Group };

/** A thread as it is read: days, the line above what is new, and each person's messages together. */
export function partsOf(messages: readonly Message[], readBefore: string | null, viewerId: string): readonly Part[] {
  const parts: Part[] = [];
  const firstNew = messages.find(({ id, author }) => author.user_id !== viewerId && (readBefore === null || id > readBefore));
  let before: Message | undefined;
  for (const message of messages) {
    const isNewDay = before === undefined || !isSameDay(before.at, message.at);
    if (isNewDay) parts.push({ kind: "day", key: `day-${message.id}`, at: message.at });
    const isFirstNew = message === firstNew && before !== undefined;
    if (isFirstNew) parts.push({ kind: "unread", key: "unread" });
    const last = parts.at(-1);
    if (last?.kind === "group" && before !== undefined && isTogether(before, message)) {
      parts[parts.length - 1] = { ...last, group: { ...last.group, messages: [...last.group.messages, message] } };
    } else {
      const group: Group = { key: message.id, author: message.author, at: message.at, messages: [message] };
      parts.push({ kind: "group", key: message.id, group });
    }
    before = message;
  }
  return parts;
}

function isTogether(one: Message, other: Message): boolean {
  const isSameAuthor =
    one.author.user_id === other.author.user_id && (one.author.user_id !== null || one.author.participation_id === other.author.participation_id);
  return isSameAuthor && Date.parse(other.at) - Date.parse(one.at) < TOGETHER_MS;
}

function isSameDay(one: string, other: string): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString();
}
