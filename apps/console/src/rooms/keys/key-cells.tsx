import { shownCells } from './key-groups.ts';
import { statePath } from './key-state.tsx';
import { stateWords } from './key-words.ts';
import type { VaultKey } from './vault-query.ts';

const pitch = 13;

/** One small shape a key, oldest first; where not all have room, the newest and whatever needs care. What it shows stands in words beside it. */
export function KeyCells({
  keys,
  width,
  rows,
}: {
  readonly keys: readonly VaultKey[];
  readonly width: number;
  readonly rows: number;
}) {
  const inRow = Math.max(1, Math.floor(width / pitch));
  const shown = shownCells(keys, inRow * rows);
  return (
    <svg
      className="key-cells"
      width={width}
      height={rows * pitch}
      viewBox={`0 0 ${Math.max(1, width)} ${rows * pitch}`}
      aria-hidden="true"
    >
      {shown.map(({ id, state }, at) => (
        <path
          key={id}
          className={`key-glyph ${stateWords[state].tone}`}
          fillRule="evenodd"
          transform={`translate(${(at % inRow) * pitch} ${Math.floor(at / inRow) * pitch}) scale(0.84)`}
          d={statePath(state)}
        />
      ))}
    </svg>
  );
}
