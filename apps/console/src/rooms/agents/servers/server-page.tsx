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
import { StateChip } from './state-chip.tsx';
import { TextParts } from './text-parts.tsx';
import { ToolSheet } from './tool-sheet.tsx';
import { useDecision } from './use-decision.ts';

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

function approveWords(state: ServerWithTools['state'], count: number): string {
  if (state === 'approved') return `Approve ${plural(count, 'tool')}`;
  return count === 0 ? 'Approve the server, none of its tools yet' : `Approve the server with ${plural(count, 'tool')}`;
}

/** Tools that were chosen, each with the digest it had then: what is approved is what was looked at. */
type Chosen = ReadonlyMap<string, string>;

function Server({ server, canManage }: { readonly server: ServerWithTools; readonly canManage: boolean }) {
  const { get, change } = useAddress();
  const [chosen, setChosen] = useState<Chosen>(new Map());
  const [asking, setAsking] = useState<'approve' | 'block'>();
  const decision = useDecision(server.id);
  const open = server.each.find(({ id }) => id === get('tool'));
  const waiting = server.each.filter(({ state }) => state === 'new' || state === 'changed');
  const tools = waiting.filter((tool) => chosen.get(tool.name) === tool.digest);
  const choose = (of: readonly ServerTool[], isChosen: boolean): void => {
    const now = new Map(chosen);
    for (const { name, digest } of of) {
      if (isChosen) now.set(name, digest);
      else now.delete(name);
    }
    setChosen(now);
  };
  const ask = (what: 'approve' | 'block'): void => {
    decision.reset();
    setAsking(what);
  };
  const done = { onSuccess: () => setAsking(undefined) };
  const shownName = printable(server.name);
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
        <ul className="lines agent-lines pinned-tools">
          {server.each.map((tool) => (
            <li key={tool.id} data-open={tool === open}>
              {canManage && waiting.includes(tool) ? (
                <Checkbox
                  aria-label={`Choose ${tool.name}`}
                  checked={chosen.get(tool.name) === tool.digest}
                  onChange={(event) => choose([tool], event.currentTarget.checked)}
                />
              ) : null}
              <span className="line-main">
                <span className="line-name">
                  {printable(tool.name)} <StateChip state={tool.state} />
                </span>
                <span className="quiet small">
                  <TextParts parts={tool.description} />
                </span>
                {tool.warnings === 0 ? null : (
                  <span className="small pin-warning">{plural(tool.warnings, 'thing')} to look at</span>
                )}
              </span>
              <Button
                size="compact-sm"
                variant="default"
                aria-expanded={tool === open}
                aria-label={`${tool === open ? 'Close' : 'Look at'} ${tool.name}`}
                onClick={() => change({ tool: tool === open ? undefined : tool.id })}
              >
                {tool === open ? 'Close' : 'Look at'}
              </Button>
              {tool === open ? <ToolSheet key={tool.digest} server={server} tool={tool} canManage={canManage} /> : null}
            </li>
          ))}
        </ul>
      </section>
      {canManage ? (
        <section className="sheet row" aria-label="Decide">
          {server.state !== 'approved' || tools.length > 0 ? (
            <Button onClick={() => ask('approve')}>{approveWords(server.state, tools.length)}</Button>
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
            `Agents may use ${tools.length === 0 ? 'none of its tools yet' : tools.map(({ name }) => printable(name)).join(', ')}.`,
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
                approve: { tools: tools.map(({ name, digest }) => ({ name, digest })), reason },
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
