/** As `suite.chat.services.messages` has it. */
const CHARACTERS_MAX = 8_000;

/** By how many characters a message is too long: its writer is told, where a field would cut what is pasted without a word. */
export function excessOf(body: string): number {
  const text = body.trim();
  return text.length <= CHARACTERS_MAX ? 0 : Math.max(0, Array.from(text).length - CHARACTERS_MAX);
}
