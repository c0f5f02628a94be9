import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR_END_PX = 80;

/** Keeps the end of a panel's body in view while its reader is there, and leaves them where they read else; `count`: what is in it. */
export function useFollowEnd(count: number) {
  const end = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const [isAway, setIsAway] = useState(false);

  useEffect(() => {
    const body = end.current?.parentElement;
    if (body == null) return undefined;
    const look = (): void => {
      isAtEnd.current = body.scrollHeight - body.scrollTop - body.clientHeight < NEAR_END_PX;
      setIsAway(!isAtEnd.current);
    };
    body.addEventListener("scroll", look, { passive: true });
    return () => body.removeEventListener("scroll", look);
  }, []);
  useLayoutEffect(() => {
    if (isAtEnd.current) end.current?.scrollIntoView({ block: "end" });
  }, [count]);

  const toEnd = useCallback((): void => {
    isAtEnd.current = true;
    end.current?.scrollIntoView({ block: "end" });
  }, []);
  return { end, isAway, toEnd };
}
