import { Room } from "livekit-client";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { RoomView } from "../contract.ts";
import { say } from "../messages.ts";
import { ChatPanel } from "../panels/ChatPanel.tsx";
import { PeoplePanel } from "../panels/PeoplePanel.tsx";
import { SettingsPanel } from "../panels/SettingsPanel.tsx";
import { TranscriptionPanel } from "../panels/TranscriptionPanel.tsx";
import type { Ending, Entry } from "../session.ts";
import type { LocalSources } from "../usePreview.ts";
import type { LiveSession } from "../useSession.ts";
import { AloneCard } from "./AloneCard.tsx";
import { ConsentDialog } from "./ConsentDialog.tsx";
import { ControlBar } from "./ControlBar.tsx";
import { NoticeBar } from "./NoticeBar.tsx";
import { RecordingMark } from "./RecordingMark.tsx";
import { SharingMark } from "./SharingMark.tsx";
import { Sounds } from "./Sounds.tsx";
import { Stage } from "./Stage.tsx";
import { tilesOf } from "./tiles.ts";
import { useCall } from "./useCall.ts";
import { useCovering } from "./useCovering.ts";
import { useIsLineSilent } from "./useLine.ts";
import { useLocalMedia } from "./useLocalMedia.ts";
import { useShortcuts } from "./useShortcuts.ts";
import { useUnread } from "./useUnread.ts";

export type PanelName = "people" | "chat" | "transcription" | "settings";

interface Props {
  live: LiveSession;
  entry: Entry;
  room: RoomView;
  sources: LocalSources;
}

export { beginCall } from "./call.ts";

/** Opens the way to the media server before anybody joins. */
export async function prepareLine(mediaUrl: string): Promise<void> {
  await new Room().prepareConnection(mediaUrl);
}

/** In the meeting: the stage, the bar, one panel at the side. */
export function Inside({ live, entry, room: roomView, sources }: Props) {
  const { session, line, send, write, markRead, dispatch, leave } = live;
  const [panel, setPanel] = useState<PanelName | null>(null);
  const [draft, setDraft] = useState("");
  const onEnded = useCallback((ending: Ending) => dispatch({ type: "over", ending }), [dispatch]);
  const { room, connection, isSoundBlocked } = useCall(entry, sources, onEnded);
  const isLineSilent = useIsLineSilent(room, connection === "connected");
  const isLineLost = line === "lost" || connection === "lost" || isLineSilent;
  const { screens, faces } = tilesOf(room, session.people);
  // The same at each drawing, or the notice's time would begin anew with it.
  const onNoticeSeen = useCallback(() => dispatch({ type: "notice_seen" }), [dispatch]);
  const stage = useRef<HTMLDivElement>(null);
  const page = useRef<HTMLDivElement>(null);
  useCovering(page);
  const onTrouble = useCallback((sentence: string) => dispatch({ type: "error", code: "device", message: sentence }), [dispatch]);
  const media = useLocalMedia(room, onTrouble);
  const unread = useUnread(session.messages, panel === "chat", session.me);
  const title = session.meeting?.title ?? roomView.title;
  const canModerate = session.me?.can_moderate ?? roomView.can_moderate;

  useEffect(() => {
    stage.current?.focus();
  }, []);
  useEffect(() => {
    document.title = `${title} – Suite`;
  }, [title]);

  const toggle = useCallback((name: PanelName) => setPanel((open) => (open === name ? null : name)), []);
  const close = useCallback(() => {
    setPanel(null);
    stage.current?.focus();
  }, []);
  const actions = useMemo(
    () => ({
      microphone: () => void media.toggleMicrophone(),
      camera: () => void media.toggleCamera(),
      chat: () => toggle("chat"),
      people: () => toggle("people"),
    }),
    [media, toggle],
  );
  useShortcuts(actions);

  const isAlone = room.remoteParticipants.size === 0 && connection === "connected" && session.people.length < 2;
  return (
    <div className="meeting" ref={page} data-connection={isLineLost ? "lost" : connection}>
      <div className="meeting__stage" ref={stage} tabIndex={-1} role="region" aria-label={say("stage", { title })}>
        <Stage
          screens={screens}
          faces={faces}
          isMyLineLost={isLineLost}
          preview={connection === "connecting" ? sources.camera : null}
          onShowPeople={() => setPanel("people")}
        />
        {isAlone && <AloneCard slug={roomView.slug} canModerate={canModerate} />}
        <div className="meeting__marks">
          {session.transcription.active && <RecordingMark onOpen={() => setPanel("transcription")} />}
          {media.isSharing && <SharingMark onStop={() => void media.toggleScreen()} />}
          <NoticeBar
            session={session}
            isChatOpen={panel === "chat"}
            isPeopleOpen={panel === "people"}
            isSoundBlocked={isSoundBlocked}
            onHear={() => void room.startAudio()}
            onSeen={onNoticeSeen}
            onOpen={setPanel}
            send={send}
          />
        </div>
      </div>
      {panel === "people" && <PeoplePanel session={session} faces={faces} canModerate={canModerate} send={send} onClose={close} />}
      {panel === "chat" && (
        <ChatPanel
          messages={session.messages}
          sending={session.sending}
          me={session.me}
          draft={draft}
          isLineOpen={line === "open"}
          onDraft={setDraft}
          write={write}
          onRead={markRead}
          onClose={close}
        />
      )}
      {panel === "transcription" && (
        <TranscriptionPanel transcription={session.transcription} present={faces.length} canModerate={canModerate} send={send} onClose={close} />
      )}
      {panel === "settings" && <SettingsPanel room={room} onTrouble={onTrouble} onClose={close} />}
      <ControlBar
        title={title}
        slug={roomView.slug}
        media={media}
        panel={panel}
        unread={unread}
        waiting={canModerate ? session.waiting.length : 0}
        people={faces.length}
        canModerate={canModerate}
        isTranscribing={session.transcription.active}
        line={isLineLost ? "lost" : connection}
        onToggle={toggle}
        onLeave={() => leave("left")}
        onEndForAll={() => send({ type: "end_for_all" })}
      />
      <Sounds room={room} />
      <ConsentDialog transcription={session.transcription} send={send} />
    </div>
  );
}
