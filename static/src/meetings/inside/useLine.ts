import { Track, type LocalTrack, type RemoteTrack, type Room } from "livekit-client";
import { useEffect, useState } from "react";

const LOOK_MS = 500;
const SILENT_MS = 1_600;
const SILENT_WITHOUT_PICTURES_MS = 6_000;

/** Whether nothing came from the media server for over a second and a half (six where no picture is exchanged). */
export function useIsLineSilent(room: Room, isConnected: boolean): boolean {
  const [isSilent, setIsSilent] = useState(false);
  useEffect(() => {
    if (!isConnected) return undefined;
    let heard = -1;
    let heardAt = performance.now();
    const look = async () => {
      const { statistics, hasPictures } = await readLine(room);
      const now = performance.now();
      const count = statistics === null ? -1 : heardIn(statistics);
      if (count !== heard || count === -1) {
        heard = count;
        heardAt = now;
      }
      setIsSilent(now - heardAt > (hasPictures ? SILENT_MS : SILENT_WITHOUT_PICTURES_MS));
    };
    // A track that ends while it is asked has no statistics: the next look asks another.
    const timer = setInterval(() => void look().catch(() => undefined), LOOK_MS);
    return () => {
      clearInterval(timer);
      setIsSilent(false);
    };
  }, [room, isConnected]);
  return isSilent;
}

async function readLine(room: Room): Promise<{ statistics: RTCStatsReport | null; hasPictures: boolean }> {
  const remote: RemoteTrack[] = [];
  for (const participant of room.remoteParticipants.values()) {
    for (const { track } of participant.trackPublications.values()) if (track !== undefined && !track.isMuted) remote.push(track);
  }
  const local: LocalTrack[] = [];
  for (const { track } of room.localParticipant.trackPublications.values()) if (track !== undefined && !track.isMuted) local.push(track);
  const hasPictures = [...remote, ...local].some(({ kind }) => kind === Track.Kind.Video);
  const report = await (remote[0]?.receiver?.getStats() ?? local[0]?.sender?.getStats());
  return { statistics: report ?? null, hasPictures };
}

/** What came in on the line: bytes of media, and answers to the checks of the path. */
function heardIn(statistics: RTCStatsReport): number {
  let count = 0;
  statistics.forEach((entry: { type: string; bytesReceived?: number; responsesReceived?: number }) => {
    if (entry.type === "transport") count += entry.bytesReceived ?? 0;
    if (entry.type === "candidate-pair") count += entry.responsesReceived ?? 0;
  });
  return count;
}
