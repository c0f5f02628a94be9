/** Turns that can be heard, and where among them a second of the meeting falls. */

export interface Heard {
  /** The address of the track that the turn is heard in. */
  readonly sound: string;
  /** Seconds from the meeting's beginning. */
  readonly at: number;
  /** Seconds of that track. */
  readonly since: number;
  readonly until: number;
}

/** When the turn ends, in seconds of the meeting. */
export function endOf(turn: Heard): number {
  return turn.at + turn.until - turn.since;
}

/** The turn to hear at second `place` of the meeting, and where in its track: silence between turns is passed over. */
export function turnAt(turns: readonly Heard[], place: number): { index: number; second: number } | null {
  const index = turns.findIndex((turn) => endOf(turn) > place);
  const turn = turns[index];
  if (turn === undefined) return null;
  return { index, second: turn.since + Math.max(0, place - turn.at) };
}

/** `12:05`, or `1:02:05` past an hour, as the page writes it. */
export function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${String(hours)}:${two(minutes)}:${two(whole % 60)}` : `${String(minutes)}:${two(whole % 60)}`;
}
