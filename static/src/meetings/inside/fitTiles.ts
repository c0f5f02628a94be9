/** How tiles of one shape fill a stage. Lengths in CSS pixels. */
export interface Fit {
  columns: number;
  rows: number;
  width: number;
  height: number;
}

const ASPECT = 16 / 9;

/** Side by side is easier on the eyes than one above the other: a wider arrangement wins unless it is a tenth smaller. */
const WIDER_WINS = 0.9;

/** The largest 16:9 tiles of which `count` fit into `width` by `height`, `gap` apart. No picture is ever cropped. */
export function fitTiles({ count, width, height, gap }: { count: number; width: number; height: number; gap: number }): Fit {
  let best: Fit = { columns: 1, rows: Math.max(1, count), width: 0, height: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    const widest = (width - gap * (columns - 1)) / columns;
    const tallest = (height - gap * (rows - 1)) / rows;
    const tile = Math.max(0, Math.floor(Math.min(widest, tallest * ASPECT)));
    if (tile > 0 && tile >= best.width * (rows < best.rows ? WIDER_WINS : 1)) best = { columns, rows, width: tile, height: Math.floor(tile / ASPECT) };
  }
  return best;
}
