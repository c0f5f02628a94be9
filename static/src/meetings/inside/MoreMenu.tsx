import { useId, useRef } from "react";

import { Icon, type IconName } from "../Icon.tsx";
import { say } from "../messages.ts";
import type { PanelName } from "./Inside.tsx";
import type { LocalMedia } from "./useLocalMedia.ts";

interface Props {
  media: LocalMedia;
  slug: string;
  canModerate: boolean;
  onToggle: (panel: PanelName) => void;
  onEndForAll: () => void;
}

interface Item {
  icon: IconName;
  label: string;
  act: () => void;
  /** On a narrow page only: a wide one has it in the bar. */
  isNarrowOnly?: boolean;
}

/** What has no place in the bar; on a narrow page, everything that the bar leaves out. */
export function MoreMenu({ media, slug, canModerate, onToggle, onEndForAll }: Props) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const copy = () => void navigator.clipboard.writeText(`${window.location.origin}/rooms/${slug}/`);
  const items: Item[] = [
    ...(media.canShare
      ? [{ icon: "screen", label: media.isSharing ? say("stopSharing") : say("shareScreen"), act: () => void media.toggleScreen(), isNarrowOnly: true } as const]
      : []),
    { icon: "transcription", label: say("openTranscription"), act: () => onToggle("transcription"), isNarrowOnly: true },
    { icon: "settings", label: say("settings"), act: () => onToggle("settings") },
    { icon: "link", label: say("copyLink"), act: copy },
    ...(canModerate ? [{ icon: "leave", label: say("endForAll"), act: onEndForAll, isNarrowOnly: true } as const] : []),
  ];
  return (
    <>
      <button type="button" className="control" popoverTarget={id} aria-label={say("more")} data-hint={say("more")}>
        <Icon name="more" />
      </button>
      <div ref={menu} id={id} popover="auto" className="more">
        {items.map(({ icon, label, act, isNarrowOnly }) => (
          <button
            key={label}
            type="button"
            className={isNarrowOnly === true ? "more__item more__item--narrow" : "more__item"}
            onClick={() => {
              menu.current?.hidePopover();
              act();
            }}
          >
            <Icon name={icon} />
            {label}
          </button>
        ))}
      </div>
    </>
  );
}
