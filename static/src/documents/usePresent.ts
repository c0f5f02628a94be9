import { useEffect, useState } from "react";
import type { Awareness } from "y-protocols/awareness";

import type { Me } from "./contract.ts";

/** The people who have the document open, each once, without oneself. */
export function usePresent(awareness: Awareness, me: Me): readonly Me[] {
  const [present, setPresent] = useState<readonly Me[]>([]);
  useEffect(() => {
    const look = (): void => {
      const others = new Map<string, Me>();
      for (const state of awareness.getStates().values()) {
        const user: unknown = state["user"];
        if (isMe(user) && user.id !== me.id) others.set(user.id, user);
      }
      const now = [...others.values()].sort((one, other) => one.name.localeCompare(other.name));
      setPresent((before) => (isSame(before, now) ? before : now));
    };
    look();
    awareness.on("change", look);
    return () => awareness.off("change", look);
  }, [awareness, me.id]);
  return present;
}

function isMe(value: unknown): value is Me {
  return typeof value === "object" && value !== null && "id" in value && "name" in value && "color" in value;
}

function isSame(one: readonly Me[], other: readonly Me[]): boolean {
  return one.length === other.length && one.every((person, place) => person.id === other[place]?.id);
}
