/** A double click is over by then; an export may be asked for again. */
const AGAIN_MS = 3_000;

/** Sends a form once, however often its button is pressed: the second time would make a second room, or be told that it is done. */
export function sendOnce(): void {
  const sent = new WeakMap<EventTarget, number>();
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target === null) return;
    const before = sent.get(event.target) ?? -AGAIN_MS;
    if (event.timeStamp - before < AGAIN_MS) event.preventDefault();
    else sent.set(event.target, event.timeStamp);
  });
}
