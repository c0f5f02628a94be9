/** What was begun in each channel, kept in this browser until it is sent; nothing where the browser keeps nothing. */
const KEY = "chat-draft-";

export function readDraft(viewerId: string, channelId: string): string {
  try {
    return sessionStorage.getItem(`${KEY}${viewerId}-${channelId}`) ?? "";
  } catch {
    return "";
  }
}

export function keepDraft(viewerId: string, channelId: string, text: string): void {
  try {
    const key = `${KEY}${viewerId}-${channelId}`;
    if (text === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // The draft lives as long as the page.
  }
}
