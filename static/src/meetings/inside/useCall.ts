import { ConnectionState, DisconnectReason, RoomEvent, type Room } from "livekit-client";
import { useEffect, useState, useSyncExternalStore } from "react";

import type { Ending, Entry } from "../session.ts";
import type { LocalSources } from "../usePreview.ts";
import { SHOWN_EVENTS, enterAgain, forgetCall, takeCall, type Devices } from "./call.ts";

export interface Call {
  room: Room;
  /** The line to the media server. */
  connection: "connecting" | "connected" | "lost";
  isSoundBlocked: boolean;
}

const AGAIN_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** The page's socket knows better why somebody was taken out: it has this long to say so. */
const REASON_MS = 1_500;
/** What a media server answers that takes nobody in: at its limit, or about to end. */
const UNAVAILABLE = 503;
const VALIDATE_MS = 3_000;
const DEVICE_EVENTS = [RoomEvent.LocalTrackPublished, RoomEvent.LocalTrackUnpublished, RoomEvent.TrackMuted, RoomEvent.TrackUnmuted] as const;
/** livekit-client keeps events back until it calls its line steady, up to two seconds after `Reconnected`, and then forgets them. */
const UNTOLD_MS = Array.from({ length: 12 }, (_, index) => 200 * (index + 1));

/** The call itself: begun at the latest when this is first shown, left when it goes. */
export function useCall(entry: Entry, sources: LocalSources, onEnded: (ending: Ending) => void): Call {
  const [{ room, entered }] = useState(() => takeCall(entry, sources));
  const [version] = useState(() => versionOf(room));
  useSyncExternalStore(version.subscribe, version.read);
  // A room that was not connected yet calls itself disconnected: nothing is lost before the first try is over.
  const [isTried, setIsTried] = useState(false);

  useEffect(() => {
    let isOver = false;
    let attempt = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let devices: Devices = { microphone: sources.microphone !== null, camera: sources.camera !== null };

    const follow = (entering: Promise<void>) => {
      entering.then(
        () => {
          attempt = 0;
          setIsTried(true);
        },
        () => {
          setIsTried(true);
          if (!isOver && room.state === ConnectionState.Disconnected) again();
        },
      );
    };
    const again = () => {
      if (timer !== undefined) return; // one failure is told twice: by the room, and by the promise to enter it
      const wait = AGAIN_MS[attempt];
      attempt += 1;
      timer = setTimeout(() => {
        timer = undefined;
        if (wait === undefined) void giveUp();
        else follow(enterAgain(room, entry, sources, devices));
      }, wait ?? 0);
    };
    const giveUp = async () => {
      const ending = (await isFull(entry)) ? "full" : "lost";
      if (!isOver) onEnded(ending);
    };
    // A disconnection stops the devices a moment before it says so: what runs is what still runs a moment later.
    const remember = () =>
      setTimeout(() => {
        const { isMicrophoneEnabled: microphone, isCameraEnabled: camera } = room.localParticipant;
        if (room.state === ConnectionState.Connected) devices = { microphone, camera };
      });
    const disconnected = (reason?: DisconnectReason) => {
      if (isOver) return;
      const ending = endingOf(reason);
      if (ending === null) {
        again();
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(() => onEnded(ending), REASON_MS);
    };

    room.on(RoomEvent.Disconnected, disconnected);
    for (const event of DEVICE_EVENTS) room.on(event, remember);
    follow(entered);
    return () => {
      isOver = true;
      clearTimeout(timer);
      room.off(RoomEvent.Disconnected, disconnected);
      for (const event of DEVICE_EVENTS) room.off(event, remember);
      forgetCall(entry);
      void room.disconnect();
    };
  }, [room, entered, entry, sources, onEnded]);

  return { room, connection: connectionOf(room.state, isTried), isSoundBlocked: !room.canPlaybackAudio };
}

function connectionOf(state: ConnectionState, isTried: boolean): Call["connection"] {
  if (state === ConnectionState.Connected) return "connected";
  return state === ConnectionState.Connecting || (state === ConnectionState.Disconnected && !isTried) ? "connecting" : "lost";
}

/** Whether the media server answers that it takes nobody in: a refused websocket does not say why it was. */
async function isFull({ url, token }: Entry): Promise<boolean> {
  const address = new URL("rtc/validate", url.replace(/^ws/, "http").replace(/\/*$/, "/"));
  address.searchParams.set("access_token", token);
  try {
    return (await fetch(address, { signal: AbortSignal.timeout(VALIDATE_MS) })).status === UNAVAILABLE;
  } catch {
    return false;
  }
}

/** What a disconnection means; null: nobody wanted it, so the page connects again. */
function endingOf(reason: DisconnectReason | undefined): Ending | null {
  switch (reason) {
    case DisconnectReason.PARTICIPANT_REMOVED:
      return "removed";
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return "ended";
    case DisconnectReason.CLIENT_INITIATED:
    case DisconnectReason.DUPLICATE_IDENTITY:
      return "left";
    default:
      return null;
  }
}

/** A number that rises when the room looks different. */
function versionOf(room: Room) {
  let version = 0;
  return {
    read: () => version,
    subscribe: (changed: () => void) => {
      const bump = () => {
        version += 1;
        changed();
      };
      let timers: ReturnType<typeof setTimeout>[] = [];
      const bumpUnasked = () => {
        timers.forEach(clearTimeout);
        timers = UNTOLD_MS.map((wait) => setTimeout(bump, wait));
      };
      for (const event of SHOWN_EVENTS) room.on(event, bump);
      room.on(RoomEvent.Reconnected, bumpUnasked);
      return () => {
        for (const event of SHOWN_EVENTS) room.off(event, bump);
        room.off(RoomEvent.Reconnected, bumpUnasked);
        timers.forEach(clearTimeout);
      };
    },
  };
}
