const KEY = "suite.guest_name";

/** The name that a guest gave in this tab; nothing of a guest outlives it. */
export function readGuestName(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function saveGuestName(name: string): void {
  try {
    sessionStorage.setItem(KEY, name);
  } catch {
    // A browser that keeps nothing asks again after a reload.
  }
}
