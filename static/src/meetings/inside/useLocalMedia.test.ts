import { renderHook } from "@testing-library/react";
import { RoomEvent, Track, type Room } from "livekit-client";
import { expect, it, vi } from "vitest";

import { useLocalMedia } from "./useLocalMedia.ts";

const MICROPHONE = Track.Source.Microphone;

/** A room of which only the local microphone is asked. */
class FakeRoom {
  readonly localParticipant = {
    isMicrophoneEnabled: true,
    isCameraEnabled: false,
    getTrackPublication: () => undefined,
    setMicrophoneEnabled: () => {
      this.mute("ended");
      return Promise.resolve();
    },
  };
  private heard: ((publication: object, participant: object) => void)[] = [];

  on(event: RoomEvent, heard: (publication: object, participant: object) => void) {
    if (event === RoomEvent.TrackMuted) this.heard.push(heard);
  }
  off() {
    this.heard = [];
  }
  mute(readyState: MediaStreamTrackState, isLocal = true) {
    for (const one of this.heard) one({ source: MICROPHONE, track: { mediaStreamTrack: { readyState } } }, { isLocal });
  }
}

it("says that a microphone was unplugged, and not that somebody muted it", async () => {
  const room = new FakeRoom();
  const onTrouble = vi.fn();
  const { result } = renderHook(() => useLocalMedia(room as unknown as Room, onTrouble));
  room.mute("live"); // by a host, who is told of elsewhere
  room.mute("ended", false);
  await result.current.toggleMicrophone();
  expect(onTrouble).not.toHaveBeenCalled();
  room.mute("ended");
  expect(onTrouble).toHaveBeenCalledWith("Votre micro s’est arrêté : on ne vous entend plus. Rebranchez-le, puis réactivez-le.");
});
