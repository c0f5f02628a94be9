import { Icon } from "../Icon.tsx";
import { say } from "../messages.ts";
import { fitTiles } from "./fitTiles.ts";
import { Tile } from "./Tile.tsx";
import type { TileView } from "./tiles.ts";
import { useSize } from "./useSize.ts";

interface Props {
  screens: readonly TileView[];
  faces: readonly TileView[];
  isMyLineLost: boolean;
  preview: MediaStreamTrack | null;
  onShowPeople: () => void;
}

const GAP = 8;
const FACES_MAX = 25;

/** The pictures: tiles that fill the stage at any count; beside a screen, a strip of them. */
export function Stage({ screens, faces, isMyLineLost, preview, onShowPeople }: Props) {
  const { element, width, height } = useSize<HTMLDivElement>();
  const shown = faces.length > FACES_MAX ? inSight(faces) : faces;
  const hidden = faces.length - shown.length;
  const count = shown.length + (hidden > 0 ? 1 : 0);
  const [screen] = screens;
  const fit = fitTiles({ count, width, height, gap: GAP });
  const tile = (view: TileView) => <Tile key={view.key} view={view} isMyLineLost={isMyLineLost} preview={preview} />;
  return (
    <div ref={element} className={screen === undefined ? "stage" : "stage stage--screen"}>
      {screen !== undefined && <ul className="stage__screen">{tile(screen)}</ul>}
      <ul className="stage__faces" style={{ "--tile-width": `${fit.width}px`, "--gap": `${GAP}px`, "--columns": fit.columns }}>
        {shown.map(tile)}
        {hidden > 0 && (
          <li className="tile tile--others">
            <button type="button" onClick={onShowPeople}>
              <Icon name="people" />+ {hidden}
              <span className="fr-sr-only">{say("people")}</span>
            </button>
          </li>
        )}
      </ul>
    </div>
  );
}

/** Where there are more people than tiles: oneself, who speaks and who shows a picture come first, in a steady order. */
function inSight(faces: readonly TileView[]): TileView[] {
  const weight = (view: TileView) => (view.isMe ? 8 : 0) + (view.isSpeaking ? 4 : 0) + (view.track === null ? 0 : 2) + (view.isMuted ? 0 : 1);
  const chosen = new Set([...faces].sort((a, b) => weight(b) - weight(a)).slice(0, FACES_MAX - 1));
  return faces.filter((view) => chosen.has(view));
}
