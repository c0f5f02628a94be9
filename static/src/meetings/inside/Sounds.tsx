import { Track, type RemoteTrack, type Room } from "livekit-client";
import { useEffect, useRef } from "react";

/** Everything that is heard: one unseen element for each sound of the others. */
export function Sounds({ room }: { room: Room }) {
  const tracks: RemoteTrack[] = [];
  for (const participant of room.remoteParticipants.values()) {
    for (const { track } of participant.audioTrackPublications.values()) {
      if (track?.kind === Track.Kind.Audio) tracks.push(track);
    }
  }
  return tracks.map((track) => <Sound key={track.mediaStreamID} track={track} />);
}

function Sound({ track }: { track: RemoteTrack }) {
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const element = audio.current;
    if (element === null) return undefined;
    track.attach(element);
    return () => {
      track.detach(element);
    };
  }, [track]);
  return <audio ref={audio} autoPlay />;
}
