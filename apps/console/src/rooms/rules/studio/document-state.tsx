import type { DocumentRow } from './studio-queries.ts';

const words = { draft: 'Draft', staged: 'Staged', active: 'Active', retired: 'Retired' } as const;
const marks = { draft: '○', staged: '◐', active: '●', retired: '✕' } as const;

type Shown = Pick<DocumentRow, 'state' | 'version' | 'staged_version' | 'active_version'>;

/** How far a document has come, as shape and words; and what newer stands on top of it. */
export function DocumentState({ document }: { readonly document: Shown }) {
  const { state, version, staged_version: staged, active_version: active } = document;
  const notes = [
    active === undefined ? undefined : `version ${active}`,
    state === 'active' && staged !== undefined ? `version ${staged} staged` : undefined,
    version > Math.max(staged ?? 0, active ?? 0) && (staged ?? active) !== undefined ? `draft ${version}` : undefined,
  ].filter((note) => note !== undefined);
  return (
    <span className="document-state" data-state={state}>
      <span aria-hidden="true">{marks[state]}</span> {words[state]}
      {notes.length === 0 ? null : <span className="quiet small"> {notes.join(', ')}</span>}
    </span>
  );
}
