import { useMutation, useQuery } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { useAddress } from '../../../app/address.ts';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { testsIn } from './rule-test-draft.ts';
import type { RuleTestDraft } from './rule-test-draft.ts';
import type { OpenDocument } from './studio-queries.ts';

/** Who saved what and when; what changed since; and the way back. */
export function VersionsPanel({
  document: { document, versions },
  onRestore,
  onTests,
}: {
  readonly document: OpenDocument;
  readonly onRestore: ((text: string) => void) | undefined;
  readonly onTests: (tests: readonly RuleTestDraft[]) => void;
}) {
  const { get, change } = useAddress();
  const compared = Number(get('from') ?? 0);
  const restore = useMutation({
    mutationFn: (version: number) =>
      call('GET /v1/rules/documents/{id}/versions/{version}', {
        params: { id: document.id, version },
      }),
    onSuccess({ text, tests }) {
      onRestore?.(text);
      onTests(testsIn(tests));
    },
  });
  return (
    <section className="stack tight" aria-label="Versions">
      <ul className="lines" aria-label="Versions, newest first">
        {versions.map(({ version, saved, by, note, tests }) => (
          <li key={version} className="version-line">
            <span>
              <strong>{version}</strong>{' '}
              <span className="small">
                {printable(by)}, <Clock at={saved} short={false} />, {plural(tests, 'test')}
                {version === document.active_version ? ', in force' : ''}
                {version === document.staged_version ? ', staged' : ''}
              </span>
              {note === '' ? null : <span className="quiet small"> {printable(note)}</span>}
            </span>
            <span className="line-actions small">
              {version === document.version ? null : (
                <button
                  type="button"
                  className="plain-button"
                  aria-pressed={compared === version}
                  onClick={() =>
                    change({ from: compared === version ? undefined : String(version) }, { replace: true })
                  }
                >
                  What changed since {version}
                </button>
              )}
              {version === document.version || onRestore === undefined ? null : (
                <button type="button" className="plain-button" onClick={() => restore.mutate(version)}>
                  Bring back {version}
                </button>
              )}
            </span>
          </li>
        ))}
      </ul>
      {restore.error === null ? null : <ProblemNotice problem={restore.error} />}
      {compared > 0 && compared !== document.version ? (
        <Difference id={document.id} from={compared} to={document.version} />
      ) : null}
    </section>
  );
}

const marks = { same: ' ', removed: '−', added: '+' } as const;
const wordsOf = { same: '', removed: 'removed: ', added: 'added: ' } as const;

function Difference({ id, from, to }: { readonly id: string; readonly from: number; readonly to: number }) {
  const { data, error } = useQuery({
    queryKey: ['rule-diff', id, from, to],
    queryFn: ({ signal }) =>
      call('GET /v1/rules/documents/{id}/versions/{version}/diff', {
        params: { id, version: to },
        query: { from },
        signal,
      }),
    staleTime: Infinity,
  });
  if (error !== null) return <ProblemNotice problem={error} />;
  if (data === undefined) return <Loading heights={[120]} />;
  return (
    <>
      <pre className="raw rule-diff" tabIndex={0} aria-label={`What changed from version ${from} to ${to}`}>
        {data.lines.map(({ kind, text }, place) => (
          <span key={place} data-kind={kind}>
            <span className="visually-hidden">{wordsOf[kind]}</span>
            <span aria-hidden="true">{marks[kind]}</span> {printable(text)}
            {'\n'}
          </span>
        ))}
      </pre>
      {data.tests_changed ? <p className="quiet small">The tests changed, too.</p> : null}
    </>
  );
}
