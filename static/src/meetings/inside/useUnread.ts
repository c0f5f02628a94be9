import { useState } from "react";

import type { ChatMessage } from "../contract.ts";

/** How many messages of others came since the chat was last open. */
export function useUnread(messages: readonly ChatMessage[], isOpen: boolean, myId: string): number {
  const [seen, setSeen] = useState(messages.length);
  if (isOpen && seen !== messages.length) setSeen(messages.length);
  if (isOpen) return 0;
  return messages.slice(seen).filter(({ author }) => author.participation_id !== myId).length;
}
