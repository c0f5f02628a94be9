import { useEffect, useState } from "react";

import { callApi } from "../api.ts";
import type { Colleague } from "./payloads.ts";

const WAIT_MS = 180;

export interface Found {
  /** The query that `people` answers; "" before the first answer. */
  query: string;
  people: readonly Colleague[];
  hasFailed: boolean;
}

const NOTHING: Found = { query: "", people: [], hasFailed: false };

/** The colleagues whose name holds `query`, a moment after it was typed. */
export function useColleagues(query: string): Found {
  const [found, setFound] = useState<Found>(NOTHING);
  useEffect(() => {
    if (query === "") return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      callApi<{ people: Colleague[] }>(`/api/colleagues/?query=${encodeURIComponent(query)}`, { signal: abort.signal })
        .then(({ people }) => setFound({ query, people, hasFailed: false }))
        .catch(() => {
          if (!abort.signal.aborted) setFound({ query, people: [], hasFailed: true });
        });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query]);
  return query === "" ? NOTHING : found;
}
