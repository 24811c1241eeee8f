import { LevelMark } from '../../../parts/level.tsx';
import { printable } from '../../../parts/printable.ts';
import type { ShownChange } from './packs-queries.ts';

const kinds: Readonly<Record<ShownChange['change'], string>> = { added: 'New', removed: 'Gone', changed: 'Changed' };
const parts: Readonly<Record<ShownChange['changed'][number], string>> = {
  detection: 'what it looks for',
  level: 'level',
  status: 'status',
  title: 'title',
  file: 'place',
  text: 'words',
};
const held: Readonly<Record<NonNullable<ShownChange['held_back']>, string>> = {
  level: 'below the level',
  status: 'below the status',
  off: 'switched off',
};

/** Changes of a release, one rule a row. */
export function ChangeTable({
  changes,
  open,
  onOpen,
}: {
  readonly changes: readonly ShownChange[];
  readonly open: string | undefined;
  readonly onOpen: (rule: string) => void;
}) {
  return (
    <div className="sheet flush">
      <div className="table-wrap" tabIndex={0} role="region" aria-label="Rules that change">
        <table className="plain pack-changes">
          <thead>
            <tr>
              <th scope="col">Rule</th>
              <th scope="col">Level</th>
              <th scope="col">Change</th>
              <th scope="col" className="by">
                By
              </th>
            </tr>
          </thead>
          <tbody>
            {changes.map((one) => (
              <tr key={one.rule.id} aria-current={one.rule.id === open ? 'true' : undefined}>
                <td>
                  <button type="button" className="plain-button" onClick={() => onOpen(one.rule.id)}>
                    {printable(one.rule.title)}
                  </button>
                  <div className="small quiet">{printable(one.rule.file)}</div>
                </td>
                <td>
                  <LevelMark level={one.rule.level} />
                  {one.before === null || one.before.level === one.rule.level ? null : (
                    <div className="small quiet">was {one.before.level}</div>
                  )}
                </td>
                <td>
                  {one.changed.includes('detection') ? <strong>{kinds[one.change]}</strong> : kinds[one.change]}
                  <div className="small quiet">{wordsOf(one).join(', ')}</div>
                </td>
                <td className="small by">{printable(one.rule.author)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function wordsOf({ changed, held_back: heldBack, taken_by: takenBy }: ShownChange): string[] {
  return [
    // Every change is one of words: said alone where it is nothing else.
    ...changed.filter((part) => part !== 'text' || changed.length === 1).map((part) => parts[part]),
    ...(heldBack === null ? [] : [held[heldBack]]),
    ...(takenBy === null ? [] : [`id taken by ${printable(takenBy)}`]),
  ];
}
