import { useMediaQuery } from '@mantine/hooks';
import { Notice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { keyOfLine, LineMark, MarkedLine } from '../../parts/text-line.tsx';
import { besideEachOther } from './beside-each-other.ts';
import type { Line } from './beside-each-other.ts';

/** A document of one version beside the same in another. */
export type Difference = {
  readonly id: string;
  readonly name: string;
  readonly change: string;
  readonly tests_changed: boolean;
  readonly lines: readonly Line[];
  /** What else of it is otherwise, in words. */
  readonly also?: string | undefined;
};

const changes: Readonly<Record<string, string>> = {
  added: 'New',
  removed: 'Gone',
  changed: 'Changed',
  same: 'The same',
};
const wide = '(min-width: 56em)';

/** What differs between two versions, document by document: beside each other where there is room, else one below the other. */
export function TextDifferences({
  from,
  to,
  documents,
}: {
  readonly from: number;
  readonly to: number;
  readonly documents: readonly Difference[];
}) {
  const isWide = useMediaQuery(wide, false) ?? false;
  const different = documents.filter(({ change }) => change !== 'same');
  if (different.length === 0) return <Notice title="Not a line differs" />;
  return (
    <div className="stack tight" role="group" aria-label={`What differs between ${named(from)} and ${named(to)}`}>
      <p className="quiet small">
        From {named(from)} to {named(to)}.
      </p>
      {different.map(({ id, name, change, lines, tests_changed: testsChanged, also }) => (
        <section key={id} className="stack tight" aria-label={printable(name)}>
          <h3 className="small">
            {printable(name)} <span className="chip">{changes[change] ?? change}</span>
          </h3>
          {also === undefined ? null : <p className="small">{also}</p>}
          {isWide ? <Beside lines={lines} name={name} /> : <Below lines={lines} name={name} />}
          {testsChanged ? <p className="quiet small">Its tests changed, too.</p> : null}
        </section>
      ))}
    </div>
  );
}

function named(version: number): string {
  return version === 0 ? 'no policies of your own' : `version ${version}`;
}

function Below({ lines, name }: { readonly lines: readonly Line[]; readonly name: string }) {
  return (
    <pre className="pack-diff" tabIndex={0} aria-label={`${printable(name)}, line by line`}>
      {lines.map((line) => (
        <MarkedLine key={keyOfLine(line)} line={line} />
      ))}
    </pre>
  );
}

function Beside({ lines, name }: { readonly lines: readonly Line[]; readonly name: string }) {
  return (
    <div className="beside" tabIndex={0} role="group" aria-label={`${printable(name)}, side by side`}>
      <table>
        <colgroup>
          <col className="number" />
          <col />
          <col className="number" />
          <col />
        </colgroup>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Line before</th>
            <th scope="col">Before</th>
            <th scope="col">Line after</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {besideEachOther(lines).map(({ left, right }) => (
            <tr key={`${left?.before ?? ''}/${right?.after ?? ''}`}>
              <Side line={left} number={left?.before} />
              <Side line={right} number={right?.after} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Side({ line, number }: { readonly line: Line | undefined; readonly number: number | undefined }) {
  return (
    <>
      <td className="number">{number ?? ''}</td>
      <td data-kind={line?.kind ?? 'none'}>
        {line === undefined ? null : (
          <>
            <LineMark kind={line.kind} />
            <code>{printable(line.text)}</code>
          </>
        )}
      </td>
    </>
  );
}
