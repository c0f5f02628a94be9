import { useState } from "react";

import type { ChatMessage, Me } from "../contract.ts";
import { isMine } from "../session.ts";

/** How many messages of others came since the chat was last open. */
export function useUnread(messages: readonly ChatMessage[], isOpen: boolean, me: Me | null): number {
  const [seen, setSeen] = useState(messages.length);
  if (isOpen && seen !== messages.length) setSeen(messages.length);
  if (isOpen) return 0;
  return messages.slice(seen).filter((one) => !isMine(me, one)).length;
}
