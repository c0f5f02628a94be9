import { readCookie } from "../shared/cookies.ts";

const COOKIE = "suite_time_zone";
const YEAR_SECONDS = 365 * 24 * 3600;

/** Tells the server this browser's time zone, for the hours on the next page: `suite/kernel/zones.py`. */
export function tellTimeZone(): void {
  const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (readCookie(COOKIE) === zone) return;
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${COOKIE}=${zone}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
}
