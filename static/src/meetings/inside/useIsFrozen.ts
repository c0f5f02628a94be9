import { useEffect, useState, type RefObject } from "react";

const LOOK_MS = 500;
const FROZEN_MS = 1_800;

/** Whether a video that should move has shown no new frame for almost two seconds. */
export function useIsFrozen(video: RefObject<HTMLVideoElement | null>, isExpectedToMove: boolean): boolean {
  const [isFrozen, setIsFrozen] = useState(false);
  useEffect(() => {
    if (!isExpectedToMove) return undefined;
    let frames = -1;
    let movedAt = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const shown = video.current?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
      // A page in the background is not painted, and a picture that has not begun is not frozen.
      if (shown !== frames || shown === 0 || document.visibilityState === "hidden") {
        frames = shown;
        movedAt = now;
      }
      setIsFrozen(now - movedAt > FROZEN_MS);
    }, LOOK_MS);
    return () => {
      clearInterval(timer);
      setIsFrozen(false);
    };
  }, [video, isExpectedToMove]);
  return isFrozen;
}
