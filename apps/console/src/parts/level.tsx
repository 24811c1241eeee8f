import type { Level } from '../api/queries.ts';

const shapes: Readonly<Record<Level, string>> = {
  informational: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm0 1.8a3.7 3.7 0 1 1 0 7.4 3.7 3.7 0 0 1 0-7.4Z',
  low: 'M2 4h12L8 13.5Z',
  medium: 'M8 1.5 14.5 8 8 14.5 1.5 8Z',
  high: 'M8 2l7 12H1Z',
  critical: 'M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2Z',
};

/** Highest first, as lists show them. */
export const levelsFromTop: readonly Level[] = ['critical', 'high', 'medium', 'low', 'informational'];

/** How much it matters, as a shape, a word and a colour: any one of them is enough. */
export function LevelMark({ level, short = false }: { readonly level: Level; readonly short?: boolean }) {
  const word = level === 'informational' ? 'Info' : `${level.charAt(0).toUpperCase()}${level.slice(1)}`;
  return (
    <span className="level" data-level={level}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={shapes[level]} fill="currentColor" />
      </svg>
      <span className={short ? 'visually-hidden' : undefined}>{word}</span>
    </span>
  );
}
