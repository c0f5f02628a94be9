import { Track, type Room } from "livekit-client";
import { useCallback, useMemo } from "react";

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

  const toggle = useCallback(
    async (source: Track.Source.Microphone | Track.Source.Camera) => {
      try {
        if (source === Track.Source.Microphone) await room.localParticipant.setMicrophoneEnabled(!room.localParticipant.isMicrophoneEnabled);
        else await room.localParticipant.setCameraEnabled(!room.localParticipant.isCameraEnabled);
      } catch {
        onTrouble(say("deviceFailed"));
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
