/** The value of a cookie that pages may read, or "" where there is none. */
export function readCookie(name: string): string {
  for (const pair of document.cookie.split("; ")) {
    const [key, value] = pair.split("=", 2);
    if (key === name && value !== undefined) return decodeURIComponent(value);
  }
  return "";
}
