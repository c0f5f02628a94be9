import { useCallback, useEffect, useState } from "react";

const ADDRESS = /^\/messages\/([0-9a-f-]{36})\/$/u;

/** The channel that the address names, and a way to another without loading the page. */
export function useAddress(): [string | null, (channelId: string | null) => void] {
  const [channelId, setChannelId] = useState(read);
  useEffect(() => {
    const moved = (): void => setChannelId(read());
    window.addEventListener("popstate", moved);
    return () => window.removeEventListener("popstate", moved);
  }, []);
  const go = useCallback((next: string | null): void => {
    const address = next === null ? "/messages/" : `/messages/${next}/`;
    if (address !== window.location.pathname) window.history.pushState(null, "", address);
    setChannelId(next);
  }, []);
  return [channelId, go];
}

function read(): string | null {
  return ADDRESS.exec(window.location.pathname)?.[1] ?? null;
}
