import { useMutation, useQuery } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { actionWords } from '../../../parts/action-words.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { impactBegunQuery, impactQuery } from './policy-queries.ts';
import { InDoubt } from '../../policies/in-doubt.tsx';
import { WorkProgress } from '../../policies/work-progress.tsx';

const rank: Readonly<Record<string, number>> = { deny: 0, needs_proof: 1, allow: 2 };
const shownNames = 12;

/** Who would gain and lose what, asked about everybody there is. */
export function PolicyImpact({ version, against }: { readonly version: number; readonly against: number }) {
  const begun = useQuery(impactBegunQuery(version, against));
  const work = useQuery(impactQuery(begun.data));
  const cancel = useMutation({
    mutationFn: (id: string) => call('POST /v1/policy/impacts/{id}/cancel', { params: { id } }),
    onSettled: () => work.refetch(),
  });
  const again = (): void => void begun.refetch();
  const error = begun.error ?? work.error;
  if (error !== null) return <ProblemNotice problem={error} retry={again} />;
  const id = begun.data;
  if (work.data?.state === 'running' && id !== undefined)
    return (
      <WorkProgress
        label="Asking about everybody there is…"
        done={work.data.done}
        leftSeconds={work.data.left_seconds}
        onCancel={() => cancel.mutate(id)}
      />
    );
  if (work.data?.state === 'cancelled' || work.data?.problem !== undefined)
    return (
      <Notice tone="warn" title={work.data.problem?.message ?? 'It was called off'}>
        <button type="button" className="plain-button small" onClick={again}>
          Ask again
        </button>
      </Notice>
    );
  const data = work.data?.impact;
  if (data === undefined)
    return (
      <div aria-live="polite">
        <p className="quiet small">Asking about everybody there is…</p>
        <Loading heights={[60]} />
      </div>
    );
  const { changes, second_person: secondPerson, in_doubt: doubt } = data;
  return (
    <div className="stack tight" role="group" aria-label={`What version ${version} would change`}>
      {changes.length === 0 ? (
        <Notice title="Nobody there is would gain or lose anything" />
      ) : (
        <p>
          {plural(data.losing, 'person or key', 'people and keys')} would lose something, {data.gaining} would gain
          something.
        </p>
      )}
      {doubt === undefined ? null : <InDoubt doubt={doubt} comparedWith="those that come with the product" />}
      {secondPerson.length === 0 ? null : (
        <Notice tone="warn" title="Somebody else must approve this">
          <p className="small">
            {secondPerson
              .map(({ name, policies }) => `${printable(name)} may gain by ${printable(policies.join(', '))}`)
              .join('; ')}
          </p>
        </Notice>
      )}
      <ul className="lines">
        {changes.map(({ action, site, when, from, to, count, subjects }) => {
          const gains = (rank[to] ?? 0) > (rank[from] ?? 0);
          const names = subjects.slice(0, shownNames).map(({ name }) => printable(name));
          return (
            <li key={JSON.stringify([action, site, when, from, to])}>
              <span className="chip">{gains ? '+ May' : '− May not'}</span> {actionWords(action)}
              {site === undefined ? '' : ` at ${printable(site)}`}
              {when === undefined ? '' : ` ${printable(when)}`}
              {to === 'needs_proof' ? ', after a proof' : ''}: <strong>{names.join(', ')}</strong>
              {count > names.length ? ` and ${count - names.length} more` : ''}
            </li>
          );
        })}
      </ul>
      {data.partly ? <Notice tone="warn" title="There are too many to ask about all: this is a part of it" /> : null}
      <p className="quiet small">
        Asked about {plural(data.subjects, 'person, key or account', 'people, keys and accounts')}
        {data.sites === 0 ? '' : ` at ${plural(data.sites, 'site')}`}, as things mostly are and as your policies speak
        of them.
      </p>
    </div>
  );
}
