import { Button, Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { useAddress } from '../../../app/address.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { ReasonDialog } from '../../../parts/reason-dialog.tsx';
import { RoomHead } from '../../../parts/room-head.tsx';
import { ServerFacts } from './server-facts.tsx';
import { serverQuery } from './servers-query.ts';
import type { ServerTool, ServerWithTools } from './servers-query.ts';
import { PinnedList } from './pinned-list.tsx';
import { pinnedName } from './server-words.ts';
import { StateChip } from './state-chip.tsx';
import { approvalOf, useDecision } from './use-decision.ts';

/** One server: whose it is, what its tools say of themselves, and what is decided of them. */
export function ServerPage({ id, canManage }: { readonly id: string; readonly canManage: boolean }) {
  const { data, error, refetch } = useQuery(serverQuery(id));
  return (
    <div className="room-inner">
      <RoomHead
        title={data === undefined ? 'Tool server' : printable(data.name)}
        lead={<Link href="/agents/servers">All tool servers</Link>}
      >
        {data === undefined ? null : <StateChip state={data.state} />}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[120, 72, 72]} /> : null}
      {data === undefined ? null : <Server server={data} canManage={canManage} />}
    </div>
  );
}

function approveWords(state: ServerWithTools['state'], chosen: readonly ServerTool[]): string {
  const what = plural(chosen.length, chosen.every(({ kind }) => kind === 'tool') ? 'tool' : 'thing');
  if (state === 'approved') return `Approve ${what}`;
  return chosen.length === 0 ? 'Approve the server, none of its tools yet' : `Approve the server with ${what}`;
}

/** What was chosen, by id, each with the digest it had then: what is approved is what was looked at. */
type Chosen = ReadonlyMap<string, string>;

function Server({ server, canManage }: { readonly server: ServerWithTools; readonly canManage: boolean }) {
  const { get, change } = useAddress();
  const [chosen, setChosen] = useState<Chosen>(new Map());
  const [asking, setAsking] = useState<'approve' | 'block'>();
  const decision = useDecision(server.id);
  const waiting = [...server.each, ...server.offered].filter(({ state }) => state === 'new' || state === 'changed');
  const tools = waiting.filter((tool) => chosen.get(tool.id) === tool.digest);
  const choose = (of: readonly ServerTool[], isChosen: boolean): void => {
    const now = new Map(chosen);
    for (const { id, digest } of of) {
      if (isChosen) now.set(id, digest);
      else now.delete(id);
    }
    setChosen(now);
  };
  const ask = (what: 'approve' | 'block'): void => {
    decision.reset();
    setAsking(what);
  };
  const done = { onSuccess: () => setAsking(undefined) };
  const shownName = printable(server.name);
  const list = {
    server,
    open: get('tool'),
    canManage,
    isWaiting: (item: ServerTool) => waiting.includes(item),
    isChosen: (item: ServerTool) => chosen.get(item.id) === item.digest,
    onChoose: choose,
    onOpen: (id: string | undefined) => change({ tool: id }),
  };
  return (
    <>
      <ServerFacts server={server} />
      <section className="sheet" aria-label="Tools">
        <div className="row spread">
          <h2>Tools</h2>
          {canManage && waiting.length > 1 ? (
            <Button size="compact-sm" variant="default" onClick={() => choose(waiting, tools.length < waiting.length)}>
              {tools.length < waiting.length ? `Choose all ${waiting.length} that wait` : 'Choose none'}
            </Button>
          ) : null}
        </div>
        {server.each.length === 0 ? <p className="quiet">It has none.</p> : null}
        <PinnedList {...list} items={server.each} />
      </section>
      {server.offered.length === 0 ? null : (
        <section className="sheet" aria-label="What else it offers">
          <h2>Instructions, prompts and resources</h2>
          <p className="quiet small">
            Words that a model or a person reads. They wait for a decision as tools do; what is read from a resource is
            trusted nowhere.
          </p>
          <PinnedList {...list} items={server.offered} />
        </section>
      )}
      {canManage ? (
        <section className="sheet row" aria-label="Decide">
          {server.state !== 'approved' || tools.length > 0 ? (
            <Button onClick={() => ask('approve')}>{approveWords(server.state, tools)}</Button>
          ) : null}
          {server.state === 'blocked' ? null : (
            <Button color="red" variant="light" onClick={() => ask('block')}>
              Block the server
            </Button>
          )}
          {server.state === 'approved' ? (
            <Checkbox
              label="Let tools it gets later at once, unless something about them is odd"
              checked={server.lets_new}
              disabled={decision.isPending}
              onChange={(event) =>
                decision.mutate({
                  purpose: `change what ${shownName} may do`,
                  approve: { tools: [], lets_new: event.currentTarget.checked },
                })
              }
            />
          ) : null}
          {asking === undefined && decision.error !== null ? <ProblemNotice problem={decision.error} /> : null}
        </section>
      ) : (
        <p className="quiet small">Who manages agents decides about servers.</p>
      )}
      {asking === 'approve' ? (
        <ReasonDialog
          title={`Approve “${shownName}”`}
          points={[
            `Agents may use ${tools.length === 0 ? 'none of its tools yet' : tools.map(pinnedName).join(', ')}.`,
            'Each as it describes itself now: one that says something else waits for a decision again.',
            'Policies still judge every call.',
          ]}
          confirm="Approve"
          isPending={decision.isPending}
          problem={decision.error === null ? null : <ProblemNotice problem={decision.error} />}
          onConfirm={(reason) =>
            decision.mutate(
              {
                purpose: `approve ${shownName}`,
                approve: { ...approvalOf(tools), reason },
              },
              done,
            )
          }
          onClose={() => setAsking(undefined)}
        />
      ) : null}
      {asking === 'block' ? (
        <ReasonDialog
          title={`Block “${shownName}”`}
          points={['The next call of any of its tools is refused, in every run.', 'It can be approved again later.']}
          confirm="Block"
          why="agents are told, and it stands in the audit trail"
          isFinal
          isPending={decision.isPending}
          problem={decision.error === null ? null : <ProblemNotice problem={decision.error} />}
          onConfirm={(reason) => decision.mutate({ purpose: `block ${shownName}`, block: { reason } }, done)}
          onClose={() => setAsking(undefined)}
        />
      ) : null}
    </>
  );
}
