/** How many tiles stand side by side so that each is as large as can be, all in sight; of two ways the wider. */
export function bestColumns(count: number, frame: { readonly width: number; readonly height: number }): number {
  const aspect = 16 / 9;
  let best = { columns: 1, tile: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = Math.min(frame.width / columns, (frame.height / rows) * aspect);
    if (tile > best.tile - 0.5) best = { columns, tile };
  }
  return best.columns;
}

/** Where the focus goes from tile `at`; undefined for a key that moves nothing. Never out of the wall. */
export function tileBeside(
  key: string,
  at: number,
  wall: { readonly count: number; readonly columns: number },
): number | undefined {
  const last = wall.count - 1;
  const to = (() => {
    switch (key) {
      case 'ArrowLeft':
        return at - 1;
      case 'ArrowRight':
        return at + 1;
      case 'ArrowUp':
        return at - wall.columns < 0 ? at : at - wall.columns;
      case 'ArrowDown':
        // From a full row to a shorter one below: its last tile.
        return Math.floor(at / wall.columns) < Math.floor(last / wall.columns) ? Math.min(last, at + wall.columns) : at;
      case 'Home':
        return 0;
      case 'End':
        return last;
      default:
        return undefined;
    }
  })();
  return to === undefined ? undefined : Math.min(last, Math.max(0, to));
}

/** How many of a row stand side by side, by where their upper edges are. */
export function columnsOf(tops: readonly number[]): number {
  const [first] = tops;
  const next = tops.findIndex((top) => Math.abs(top - (first ?? 0)) > 1);
  return Math.max(1, next === -1 ? tops.length : next);
}
