import { useEffect } from "react";

/** The browser asks who leaves the page while something on it was not sent: it would be gone. */
export function useUnsent(isThere: boolean): void {
  useEffect(() => {
    if (!isThere) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isThere]);
}
