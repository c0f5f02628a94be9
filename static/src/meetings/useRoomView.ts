import { useCallback, useEffect, useState } from "react";

import { ApiError, callApi } from "../shared/api.ts";
import type { RoomView } from "./contract.ts";
import { say } from "./messages.ts";

export type RoomLoad =
  | { state: "loading" }
  | { state: "ready"; room: RoomView }
  | { state: "failed"; error: ApiError; retry: () => void };

const REFRESH_MS = 5_000;

/** What is known of the room before one is in it; who is there is kept fresh while `active`. */
export function useRoomView(slug: string, active: boolean): RoomLoad & { retry: () => void } {
  const [load, setLoad] = useState<{ room: RoomView | null; error: ApiError | null }>({ room: null, error: null });
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => {
    setLoad({ room: null, error: null });
    setAttempt((count) => count + 1);
  }, []);

  useEffect(() => {
    if (!active) return undefined;
    const controller = new AbortController();
    const read = async () => {
      try {
        const room = await callApi<RoomView>(`/api/rooms/${encodeURIComponent(slug)}/`, { signal: controller.signal });
        setLoad({ room, error: null });
      } catch (error) {
        // A room that is on the page already stays there: only the first answer may be a refusal.
        if (error instanceof ApiError) setLoad((known) => (known.room === null ? { room: null, error } : known));
      }
    };
    void read();
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") void read();
    }, REFRESH_MS);
    return () => {
      controller.abort();
      clearInterval(timer);
    };
  }, [slug, active, attempt]);

  if (load.error !== null) return { state: "failed", error: load.error, retry };
  if (load.room !== null) return { state: "ready", room: load.room, retry };
  return { state: "loading", retry };
}

/** The sentence for a failed call; words of ours where the error is not the API's. */
export function sentenceOf(error: unknown): string {
  return error instanceof ApiError ? error.message : say("roomFailed");
}
