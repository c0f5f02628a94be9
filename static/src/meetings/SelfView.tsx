import { useEffect, useRef } from "react";

import { say } from "./messages.ts";

/** One's own picture, mirrored, as a mirror shows it. */
export function SelfView({ track }: { track: MediaStreamTrack }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (element === null) return undefined;
    element.srcObject = new MediaStream([track]);
    return () => {
      element.srcObject = null;
    };
  }, [track]);
  return <video ref={video} className="mirrored" autoPlay muted playsInline aria-label={say("yourPicture")} />;
}
