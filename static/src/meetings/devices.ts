/** Microphones, cameras and loudspeakers: which there are, which was chosen, and why one does not start. */
export type DeviceTrouble = "refused" | "missing" | "busy";

export interface DeviceChoice {
  microphone: string;
  camera: string;
  speaker: string;
  withMicrophone: boolean;
  withCamera: boolean;
}

export interface DeviceList {
  microphones: readonly MediaDeviceInfo[];
  cameras: readonly MediaDeviceInfo[];
  speakers: readonly MediaDeviceInfo[];
}

export const NO_DEVICES: DeviceList = { microphones: [], cameras: [], speakers: [] };

const KEY = "suite.devices";
const FIRST_CHOICE: DeviceChoice = { microphone: "", camera: "", speaker: "", withMicrophone: true, withCamera: true };

/** The choice kept in this browser; "" is the system's own device. */
export function readChoice(): DeviceChoice {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return typeof kept === "object" && kept !== null ? { ...FIRST_CHOICE, ...kept } : FIRST_CHOICE;
  } catch {
    return FIRST_CHOICE;
  }
}

export function saveChoice(choice: DeviceChoice): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(choice));
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

export async function listDevices(): Promise<DeviceList> {
  if (!("mediaDevices" in navigator)) return NO_DEVICES;
  const all = (await navigator.mediaDevices.enumerateDevices()).filter(({ deviceId }) => deviceId !== "");
  const ofKind = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind);
  return { microphones: ofKind("audioinput"), cameras: ofKind("videoinput"), speakers: ofKind("audiooutput") };
}

/** 720p, which simulcast makes smaller for whoever shows it small. */
export function cameraConstraints(deviceId: string): MediaTrackConstraints {
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  return deviceId === "" ? size : { ...size, deviceId: { ideal: deviceId } };
}

export function microphoneConstraints(deviceId: string): MediaTrackConstraints {
  const cleaning = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return deviceId === "" ? cleaning : { ...cleaning, deviceId: { ideal: deviceId } };
}

/** Starts what `wanted` asks for: together (one question of the browser), or each alone where one of them fails. */
export async function startDevices(wanted: MediaStreamConstraints): Promise<Started> {
  if (!("mediaDevices" in navigator)) return { audio: "missing", video: "missing" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    return { audio: stream.getAudioTracks()[0] ?? null, video: stream.getVideoTracks()[0] ?? null };
  } catch (error) {
    if (!wanted.audio || !wanted.video) return { audio: wanted.audio ? troubleOf(error) : null, video: wanted.video ? troubleOf(error) : null };
    const audio = await startDevices({ audio: wanted.audio });
    const video = await startDevices({ video: wanted.video });
    return { audio: audio.audio, video: video.video };
  }
}

export interface Started {
  audio: MediaStreamTrack | DeviceTrouble | null;
  video: MediaStreamTrack | DeviceTrouble | null;
}

/** Why `getUserMedia` failed, in our three words. */
export function troubleOf(error: unknown): DeviceTrouble {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "missing";
}
