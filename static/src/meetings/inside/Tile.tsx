import { memo, useEffect, useRef } from "react";

import { initialsOf } from "../../shared/people/initials.ts";
import { Icon } from "../Icon.tsx";
import { say } from "../messages.ts";
import { hueOf } from "../names.ts";
import type { TileView } from "./tiles.ts";
import { useIsFrozen } from "./useIsFrozen.ts";

interface Props {
  view: TileView;
  /** One's own line is lost: said on one's own tile. */
  isMyLineLost: boolean;
  /** Shown until one's own camera is published. */
  preview: MediaStreamTrack | null;
}

/** One person's picture, or their initials; name, microphone, who speaks, whether their line holds. */
export const Tile = memo(function Tile({ view, isMyLineLost, preview }: Props) {
  const { track, isMe, isScreen } = view;
  const video = useRef<HTMLVideoElement>(null);
  const raw = track === null && isMe ? preview : null;
  const isFrozen = useIsFrozen(video, track !== null && !isMe && !isScreen);
  const isLost = isMe ? isMyLineLost : view.isLost || isFrozen;

  useEffect(() => {
    const element = video.current;
    if (element === null || track === null) return undefined;
    track.attach(element);
    return () => {
      track.detach(element);
    };
  }, [track]);

  useEffect(() => {
    const element = video.current;
    if (element === null || raw === null) return undefined;
    element.srcObject = new MediaStream([raw]);
    return () => {
      element.srcObject = null;
    };
  }, [raw]);

  const hasPicture = track !== null || raw !== null;
  const classes = ["tile", view.isSpeaking ? "tile--speaking" : "", isScreen ? "tile--screen" : ""].join(" ");
  return (
    <li className={classes} data-participant={view.identity} aria-label={describe(view, isLost)}>
      {hasPicture ? (
        <video ref={video} className={isMe && !isScreen ? "mirrored" : ""} data-participant={view.identity} autoPlay playsInline muted aria-hidden="true" />
      ) : (
        <span className="tile__initials" style={{ "--hue": hueOf(view.person) }} aria-hidden="true">
          {initialsOf(view.person)}
        </span>
      )}
      <span className="tile__label" aria-hidden="true">
        {view.isSpeaking && <Icon name="speaking" />}
        {view.isMuted && !isScreen && <Icon name="microphoneOff" />}
        <span className="tile__name">{isMe && !isScreen ? say("you", { name: view.name }) : view.name}</span>
        {view.isShared && !isScreen && <span className="tile__shared">{say("sharedBadge")}</span>}
      </span>
      {isLost && (
        <span className="tile__lost" aria-hidden="true">
          <Icon name="line" />
          {say("lineOf")}
        </span>
      )}
    </li>
  );
});

function describe(view: TileView, isLost: boolean): string {
  const words = [view.isMe && !view.isScreen ? say("you", { name: view.name }) : view.name];
  if (view.isMuted && !view.isScreen) words.push(say("isMuted"));
  if (view.isSpeaking) words.push(say("isSpeaking"));
  if (isLost) words.push(say("lineOf"));
  return words.join(", ");
}
