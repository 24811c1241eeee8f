import { LevelMark } from '../../../parts/level.tsx';

export type Risk = { readonly value: number; readonly reasons: readonly { readonly words: string }[] };

const levels = [
  { from: 70, level: 'high', name: 'High risk' },
  { from: 40, level: 'medium', name: 'Some risk' },
  { from: 10, level: 'low', name: 'Little risk' },
] as const;

/** How much somebody is at risk, and why, in words. Nothing where there is hardly any. */
export function RiskWords({ value, reasons }: Risk) {
  const found = levels.find(({ from }) => value >= from);
  if (found === undefined) return null;
  const words = reasons.map((reason) => reason.words);
  return (
    <span className="risk-words">
      <span className="chip">
        <LevelMark level={found.level} short /> {found.name}, {value} of 100
      </span>
      {words.length === 0 ? null : <span className="small">{words.slice(0, 3).join('. ')}.</span>}
    </span>
  );
}
