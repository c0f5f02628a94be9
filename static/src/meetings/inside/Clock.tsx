import { useEffect, useState } from "react";

import { pageLocale } from "../../shared/catalogue.ts";

const LOOK_MS = 5_000;

/** The time of day. */
export function Clock() {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <time className="bar__clock" dateTime={now.toISOString()}>
      {now.toLocaleTimeString(pageLocale(), { hour: "2-digit", minute: "2-digit" })}
    </time>
  );
}
