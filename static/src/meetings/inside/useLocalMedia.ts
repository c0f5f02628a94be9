import { RoomEvent, Track, type Participant, type Room, type TrackPublication } from "livekit-client";
import { useCallback, useEffect, useMemo, useRef } from "react";

import { say } from "../messages.ts";

export interface LocalMedia {
  isMicrophoneOn: boolean;
  isCameraOn: boolean;
  isSharing: boolean;
  /** Telephones cannot show their screen to a page. */
  canShare: boolean;
  toggleMicrophone: () => Promise<void>;
  toggleCamera: () => Promise<void>;
  toggleScreen: () => Promise<void>;
}

/** One's own microphone, camera and screen in the meeting. */
export function useLocalMedia(room: Room, onTrouble: (sentence: string) => void): LocalMedia {
  const me = room.localParticipant;
  const { isMicrophoneEnabled: isMicrophoneOn, isCameraEnabled: isCameraOn } = me;
  const isSharing = me.getTrackPublication(Track.Source.ScreenShare) !== undefined;

  const isToggling = useRef(false);
  useEffect(() => {
    // Muted by nobody, and no longer running: it was unplugged, and livekit-client found no other in its place.
    const muted = ({ source, track }: TrackPublication, { isLocal }: Participant) => {
      if (!isLocal || isToggling.current || track?.mediaStreamTrack.readyState !== "ended") return;
      if (source === Track.Source.Microphone) onTrouble(say("microphoneGone"));
      if (source === Track.Source.Camera) onTrouble(say("cameraGone"));
    };
    room.on(RoomEvent.TrackMuted, muted);
    return () => {
      room.off(RoomEvent.TrackMuted, muted);
    };
  }, [room, onTrouble]);

  const toggle = useCallback(
    async (source: Track.Source.Microphone | Track.Source.Camera) => {
      isToggling.current = true;
      try {
        if (source === Track.Source.Microphone) await room.localParticipant.setMicrophoneEnabled(!room.localParticipant.isMicrophoneEnabled);
        else await room.localParticipant.setCameraEnabled(!room.localParticipant.isCameraEnabled);
      } catch {
        onTrouble(say("deviceFailed"));
      } finally {
        isToggling.current = false;
      }
    },
    [room, onTrouble],
  );
  const toggleScreen = useCallback(async () => {
    const isOn = room.localParticipant.getTrackPublication(Track.Source.ScreenShare) !== undefined;
    try {
      await room.localParticipant.setScreenShareEnabled(!isOn, { audio: true, selfBrowserSurface: "exclude", surfaceSwitching: "include" });
    } catch (error) {
      // Who closes the browser's own choice of a screen has said no: there is nothing to tell them.
      if (!(error instanceof Error) || error.name !== "NotAllowedError") onTrouble(say("deviceFailed"));
    }
  }, [room, onTrouble]);

  return useMemo(
    () => ({
      isMicrophoneOn,
      isCameraOn,
      isSharing,
      canShare: "mediaDevices" in navigator && "getDisplayMedia" in navigator.mediaDevices,
      toggleMicrophone: () => toggle(Track.Source.Microphone),
      toggleCamera: () => toggle(Track.Source.Camera),
      toggleScreen,
    }),
    [isMicrophoneOn, isCameraOn, isSharing, toggle, toggleScreen],
  );
}
