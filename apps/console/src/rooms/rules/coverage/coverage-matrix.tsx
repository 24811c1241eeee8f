import { useEffect, useRef, useState } from 'react';
import { plural } from '../../../parts/numbers.ts';
import type { Cell, Column } from './coverage-columns.ts';
import { neighbour, tacticWords } from './coverage-columns.ts';
import { ShareBar } from './share-bar.tsx';
import { VerdictMark, verdictWords } from './verdict-mark.tsx';

/** Tactics beside each other, their techniques below; one tab stop, arrow keys walk. On a narrow screen a list by tactic. */
export function CoverageMatrix({
  columns,
  open,
  onOpen,
}: {
  readonly columns: readonly Column[];
  readonly open: string | undefined;
  readonly onOpen: (id: string) => void;
}) {
  const matrix = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ column: 0, row: 0 });
  const isThere = columns[place.column]?.cells[place.row] !== undefined;
  const first = columns.findIndex(({ cells }) => cells.length > 0);
  const stop = isThere ? place : { column: first, row: 0 };
  useEffect(() => {
    // Beside the panel there is less room: what it is about stays in sight.
    if (open !== undefined)
      matrix.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [open]);
  return (
    <div
      ref={matrix}
      className="coverage-matrix"
      role="group"
      aria-label="Techniques by tactic"
      onKeyDown={(event) => {
        const next = neighbour(columns, stop, event.key);
        if (next === undefined) return;
        event.preventDefault();
        setPlace(next);
        matrix.current?.querySelector<HTMLButtonElement>(`[data-place="${next.column}:${next.row}"]`)?.focus();
      }}
    >
      {columns.map((column, at) => (
        <section key={column.tactic.id} className="tactic" data-empty={column.tactic.rules === 0}>
          <TacticHead column={column} />
          <ul>
            {column.cells.map((cell, row) => (
              <li key={cell.technique.id}>
                <TechniqueCell
                  cell={cell}
                  place={`${at}:${row}`}
                  isStop={at === stop.column && row === stop.row}
                  isOpen={open === cell.technique.id || cell.subs.some(({ id }) => id === open)}
                  onFocus={() => setPlace({ column: at, row })}
                  onOpen={onOpen}
                />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function TacticHead({ column }: { readonly column: Column }) {
  const { counts, name } = column.tactic;
  return (
    <header>
      <h3>{name}</h3>
      <ShareBar counts={counts} />
      <p>{tacticWords(column)}</p>
    </header>
  );
}

function TechniqueCell({
  cell: { technique, subs },
  place,
  isStop,
  isOpen,
  onFocus,
  onOpen,
}: {
  readonly cell: Cell;
  readonly place: string;
  readonly isStop: boolean;
  readonly isOpen: boolean;
  readonly onFocus: () => void;
  readonly onOpen: (id: string) => void;
}) {
  const { id, name, verdict, rules, rules_with_data: seeing } = technique;
  const seen = subs.filter((sub) => sub.verdict === 'watched').length;
  return (
    <button
      type="button"
      className="technique"
      data-verdict={verdict}
      data-place={place}
      tabIndex={isStop ? 0 : -1}
      aria-current={isOpen ? true : undefined}
      title={`${id} ${name}: ${verdictWords[verdict].word.toLowerCase()}, ${seeing} of ${plural(rules, 'rule')} with data`}
      onFocus={onFocus}
      onClick={() => onOpen(id)}
    >
      <VerdictMark verdict={verdict} short />
      <span className="technique-name">{name}</span>
      <span className="technique-facts">
        {rules === 0 ? null : <span aria-label={plural(rules, 'rule')}>{rules}</span>}
        {subs.length === 0 ? null : (
          <span className="quiet" aria-label={`${seen} of ${plural(subs.length, 'sub-technique')} watched`}>
            {seen}/{subs.length}
          </span>
        )}
      </span>
    </button>
  );
}
