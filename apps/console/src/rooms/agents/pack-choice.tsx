import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { packWords } from './agent-words.ts';
import { agentsQuery } from './agents-query.ts';
import type { Agent } from './agents-query.ts';

type Replay = Answer<'GET /v1/agents/{id}/replay'>;
type Difference = Replay['differences'][number];

const verdictWords: Readonly<Record<Difference['would'], string>> = {
  allow: 'would go ahead',
  ask: 'would be asked about',
  deny: 'would be refused',
};

/** Other policies for an agent: first what they would have said of what it did lately, then they hold. */
export function PackChoice({
  agent,
  pack,
  onClose,
}: {
  readonly agent: Agent;
  readonly pack: Agent['pack'];
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const replay = useQuery({
    queryKey: ['agents', 'replay', agent.id, pack],
    queryFn: ({ signal }) => call('GET /v1/agents/{id}/replay', { params: { id: agent.id }, query: { pack }, signal }),
    staleTime: 30_000,
  });
  const choose = useMutation({
    mutationFn: () =>
      call('PATCH /v1/agents/{id}', {
        params: { id: agent.id },
        body: { pack },
        purpose: `change what ${agent.name} may do`,
      }),
    async onSuccess() {
      onClose();
      await queries.invalidateQueries({ queryKey: agentsQuery.queryKey });
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Policies of ${printable(agent.name)}`} size="lg">
      <div className="stack">
        <p>{packWords[pack]}. They hold from its next call on; what it read until then counts as words of others.</p>
        {replay.data === undefined ? null : <Replayed replay={replay.data} />}
        {replay.isPending ? <Loading heights={[20, 60]} label="What it did lately" /> : null}
        {replay.error === null ? null : <ProblemNotice problem={replay.error} />}
        {choose.error === null ? null : <ProblemNotice problem={choose.error} />}
        <div className="row">
          <Button data-autofocus loading={choose.isPending} onClick={() => choose.mutate()}>
            Use these policies
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}

function Replayed({ replay }: { readonly replay: Replay }) {
  const { calls, untold, different, differences, from_ms: fromMs, partly } = replay;
  if (calls === 0 || fromMs === undefined) return <p className="quiet">It has done nothing yet to try them on.</p>;
  const judged = calls - untold;
  return (
    <section aria-label="What would have been otherwise" className="stack">
      <p>
        Of the last {judged === 1 ? 'call' : `${judged.toLocaleString('en')} calls`}, since <Clock at={fromMs} />,{' '}
        <strong>{different === 0 ? 'none' : different.toLocaleString('en')}</strong> would have been answered otherwise.
        {untold === 0 ? '' : ` ${untold.toLocaleString('en')} more cannot be judged again.`}
      </p>
      {differences.length === 0 ? null : (
        <ul className="lines" aria-label="Calls that would be answered otherwise">
          {differences.map((one) => (
            <li key={JSON.stringify([one.tool, one.server, one.action, one.was, one.would, one.policies])}>
              <span className="line-main">
                <span className="line-name">
                  {printable(one.tool)} · {one.action} ·{' '}
                  {one.people === 2 ? 'would be asked of two people' : verdictWords[one.would]}
                  {one.calls === 1 ? '' : `, ${one.calls.toLocaleString('en')} times`}
                </span>
                <span className="quiet small">
                  {printable(one.reason)} · last <Clock at={one.last_ms} />
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {partly ? <p className="quiet small">There are more kinds than these.</p> : null}
    </section>
  );
}
