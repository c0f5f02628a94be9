import { LocalAudioTrack, LocalVideoTrack, Room, RoomEvent, Track, type RoomOptions } from "livekit-client";

import { cameraConstraints, microphoneConstraints } from "../devices.ts";
import type { Entry } from "../session.ts";
import type { LocalSources } from "../usePreview.ts";

const OPTIONS: RoomOptions = {
  adaptiveStream: true,
  dynacast: true,
  disconnectOnPageLeave: true,
  stopLocalTrackOnUnpublish: true,
  publishDefaults: { simulcast: true, stopMicTrackOnMute: false },
};

/** A call that has begun: its room, and when it is entered. */
export interface Ongoing {
  room: Room;
  entered: Promise<void>;
}

const begun = new Map<string, Ongoing>();

/** Begins a call before anything is drawn of it: what is drawn takes it over by `takeCall`. */
export function beginCall(entry: Entry, sources: LocalSources): void {
  const room = newRoom(sources);
  const entered = enter(room, entry, sources);
  // Whoever takes the call over hears of its failure too.
  entered.catch(() => undefined);
  begun.set(entry.token, { room, entered });
}

/** The call that was begun with this entry; a new one where none was, or where it was taken over before. */
export function takeCall(entry: Entry, sources: LocalSources): Ongoing {
  if (!begun.has(entry.token)) beginCall(entry, sources);
  const ongoing = begun.get(entry.token);
  if (ongoing === undefined) throw new Error("A call that was just begun is gone.");
  return ongoing;
}

/** Forgets a call that is over. */
export function forgetCall(entry: Entry): void {
  begun.delete(entry.token);
}

function newRoom({ choice }: LocalSources): Room {
  const room = new Room({
    ...OPTIONS,
    audioCaptureDefaults: choice.microphone === "" ? {} : { deviceId: choice.microphone },
    videoCaptureDefaults: {
      resolution: { width: 1280, height: 720, frameRate: 30 },
      ...(choice.camera === "" ? {} : { deviceId: choice.camera }),
    },
    ...(choice.speaker === "" ? {} : { audioOutput: { deviceId: choice.speaker } }),
  });
  keepDevicesRunning(room);
  return room;
}

/**
 * Leaves devices that run as they are where the line is made anew. livekit-client would stop and start each, as the computer
 * may have slept: seconds without a picture, a question in browsers that forget their permission, and cameras that hang.
 */
function keepDevicesRunning({ localParticipant: me }: Room): void {
  const publishAgain = me.republishAllTracks.bind(me);
  me.republishAllTracks = (options, restart = true) => {
    const tracks = me.getTrackPublications().flatMap(({ track, isMuted }) => (track === undefined || isMuted ? [] : [track]));
    return publishAgain(options, restart && !tracks.every(({ mediaStreamTrack: { readyState, muted } }) => readyState === "live" && !muted));
  };
}

/** Connects and publishes side by side: a track is announced in the first moment in which the server listens. */
export async function enter(room: Room, entry: Entry, sources: LocalSources): Promise<void> {
  const published = [publish(room, sources.microphone, sources), publish(room, sources.camera, sources)];
  const late = sources.late.then((tracks) => Promise.all(tracks.map((track) => publish(room, track, sources))));
  await room.connect(entry.url, entry.token, { autoSubscribe: true });
  await Promise.all([...published, late]);
}

/** Which of one's devices run. */
export interface Devices {
  microphone: boolean;
  camera: boolean;
}

/** Comes back after the line was lost for good: what ran is started again, as the room stopped it. */
export async function enterAgain(room: Room, entry: Entry, sources: LocalSources, devices: Devices): Promise<void> {
  await enter(room, entry, sources);
  const me = room.localParticipant;
  await Promise.all([
    devices.microphone && !me.isMicrophoneEnabled ? me.setMicrophoneEnabled(true) : undefined,
    devices.camera && !me.isCameraEnabled ? me.setCameraEnabled(true) : undefined,
  ]);
}

async function publish(room: Room, track: MediaStreamTrack | null, { choice }: LocalSources): Promise<void> {
  if (track === null || track.readyState === "ended") return;
  const isSound = track.kind === "audio";
  // The room may stop and start these devices by itself when they are muted: they are no "user provided" tracks.
  const local = isSound
    ? new LocalAudioTrack(track, microphoneConstraints(choice.microphone), false)
    : new LocalVideoTrack(track, cameraConstraints(choice.camera), false);
  await room.localParticipant.publishTrack(local, { source: isSound ? Track.Source.Microphone : Track.Source.Camera });
}

/** What changes a meeting's picture. */
export const SHOWN_EVENTS = [
  RoomEvent.Connected,
  RoomEvent.ConnectionStateChanged,
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.TrackStreamStateChanged,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.ActiveSpeakersChanged,
  RoomEvent.AudioPlaybackStatusChanged,
  RoomEvent.ConnectionQualityChanged,
] as const;
