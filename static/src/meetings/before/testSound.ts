const NOTES_HZ = [523.25, 659.25, 783.99];
const NOTE_S = 0.22;

interface SinkContext extends AudioContext {
  setSinkId?: (deviceId: string) => Promise<void>;
}

/** Whether this browser plays on another loudspeaker than the system's. */
export function canChooseSpeaker(): boolean {
  return "setSinkId" in HTMLMediaElement.prototype;
}

/** Three notes on the chosen loudspeaker ("" is the system's). */
export async function playTestSound(speaker: string): Promise<void> {
  const context: SinkContext = new AudioContext();
  if (speaker !== "" && context.setSinkId !== undefined) {
    // A loudspeaker that was unplugged since: the system's own plays.
    await context.setSinkId(speaker).catch(() => undefined);
  }
  NOTES_HZ.forEach((pitch, index) => {
    const note = context.createOscillator();
    const volume = context.createGain();
    const from = context.currentTime + index * NOTE_S;
    note.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, from);
    volume.gain.exponentialRampToValueAtTime(0.2, from + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, from + NOTE_S);
    note.connect(volume).connect(context.destination);
    note.start(from);
    note.stop(from + NOTE_S);
    if (index === NOTES_HZ.length - 1) note.onended = () => void context.close();
  });
}
