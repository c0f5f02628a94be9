import { useEffect, useRef, useState } from "react";

/** The size of an element in CSS pixels, kept up as it changes. */
export function useSize<Shown extends HTMLElement>() {
  const element = useRef<Shown>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return { element, ...size };
}
