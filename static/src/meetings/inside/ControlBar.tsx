import { useState } from "react";

import { Dialog } from "../Dialog.tsx";
import { say } from "../messages.ts";
import { Clock } from "./Clock.tsx";
import { ControlButton } from "./ControlButton.tsx";
import type { PanelName } from "./Inside.tsx";
import { MoreMenu } from "./MoreMenu.tsx";
import { shownKeys } from "./useShortcuts.ts";
import type { LocalMedia } from "./useLocalMedia.ts";

interface Props {
  title: string;
  slug: string;
  media: LocalMedia;
  panel: PanelName | null;
  unread: number;
  waiting: number;
  people: number;
  canModerate: boolean;
  isTranscribing: boolean;
  line: "connecting" | "connected" | "lost";
  onToggle: (panel: PanelName) => void;
  onLeave: () => void;
  onEndForAll: () => void;
}

/** The bar: time and name at the left, what one does in the middle, leaving apart. Its first three are there at any width. */
export function ControlBar(props: Props) {
  const { title, media, panel, unread, waiting, people, canModerate, line, onToggle, onLeave, onEndForAll } = props;
  const [isEnding, setIsEnding] = useState(false);
  return (
    <footer className="bar" aria-label={say("controls")} role="group">
      <div className="bar__about">
        <Clock />
        <span className="bar__title">{title}</span>
        {line !== "connected" && (
          <span className="bar__line" role="status">
            {line === "lost" ? say("lineLost") : say("connecting")}
          </span>
        )}
      </div>
      <div className="bar__controls">
        <ControlButton
          icon={media.isMicrophoneOn ? "microphone" : "microphoneOff"}
          label={media.isMicrophoneOn ? say("muteMicrophone") : say("unmuteMicrophone")}
          shortcut={shownKeys("microphone")}
          isOff={!media.isMicrophoneOn}
          onPress={() => void media.toggleMicrophone()}
        />
        <ControlButton
          icon={media.isCameraOn ? "camera" : "cameraOff"}
          label={media.isCameraOn ? say("stopCamera") : say("startCamera")}
          shortcut={shownKeys("camera")}
          isOff={!media.isCameraOn}
          onPress={() => void media.toggleCamera()}
        />
        {media.canShare && (
          <ControlButton
            className="bar__wide"
            icon="screen"
            label={media.isSharing ? say("stopSharing") : say("shareScreen")}
            isOn={media.isSharing}
            onPress={() => void media.toggleScreen()}
          />
        )}
        <ControlButton
          icon="chat"
          label={panel === "chat" ? say("closeChat") : say("openChat")}
          badge={unread}
          badgeLabel={say("unread", { count: unread })}
          shortcut={shownKeys("chat")}
          isOn={panel === "chat"}
          onPress={() => onToggle("chat")}
        />
        <ControlButton
          icon="people"
          label={panel === "people" ? say("closePeople") : say("openPeople")}
          badge={waiting > 0 ? waiting : people}
          badgeLabel={waiting > 0 ? say("waitingCount", { count: waiting }) : String(people)}
          badgeKind={waiting > 0 ? "alert" : "count"}
          shortcut={shownKeys("people")}
          isOn={panel === "people"}
          onPress={() => onToggle("people")}
        />
        <ControlButton
          className="bar__wide"
          icon="transcription"
          label={panel === "transcription" ? say("closeTranscription") : say("openTranscription")}
          isOn={props.isTranscribing || panel === "transcription"}
          onPress={() => onToggle("transcription")}
        />
        <MoreMenu media={media} slug={props.slug} canModerate={canModerate} onToggle={onToggle} onEndForAll={() => setIsEnding(true)} />
      </div>
      <div className="bar__leave">
        <ControlButton className="control--leave" icon="leave" label={say("leave")} hasWords onPress={onLeave} />
        {canModerate && (
          <button type="button" className="bar__end" onClick={() => setIsEnding(true)}>
            {say("endForAll")}
          </button>
        )}
      </div>
      {isEnding && (
        <Dialog title={say("endForAllTitle")} onCancel={() => setIsEnding(false)}>
          <p>{people > 1 ? say("endForAllText", { count: people }) : say("endForOneText")}</p>
          <div className="dialog__actions">
            <button type="button" className="fr-btn fr-btn--secondary" onClick={() => setIsEnding(false)}>
              {say("cancel")}
            </button>
            <button
              type="button"
              className="fr-btn dialog__danger"
              onClick={() => {
                setIsEnding(false);
                onEndForAll();
              }}
            >
              {say("endForAll")}
            </button>
          </div>
        </Dialog>
      )}
    </footer>
  );
}
