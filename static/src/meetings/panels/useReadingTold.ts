import { useEffect } from "react";

/** Tells `onRead` of the message that is in sight, where there is one, as soon as somebody looks at the page. */
export function useReadingTold(inSight: string | undefined, onRead: (messageId: string) => void): void {
  useEffect(() => {
    if (inSight === undefined) return undefined;
    const tell = (): void => {
      if (document.visibilityState === "visible") onRead(inSight);
    };
    tell();
    document.addEventListener("visibilitychange", tell);
    return () => document.removeEventListener("visibilitychange", tell);
  }, [inSight, onRead]);
}
