import { Button, MultiSelect, Select } from '@mantine/core';
import { useState } from 'react';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { answersWords, pinnedName } from './server-words.ts';
import type { ServerWithTools, ToolView } from './servers-query.ts';
import { approvalOf, useDecision } from './use-decision.ts';

type Answers = ToolView['does']['answers'];
type Effect = ToolView['does']['effects'][number];

const answers: readonly Answers[] = ['content', 'directory', 'own', 'clock'];
const effects: readonly Effect[] = [
  'write',
  'delete',
  'message',
  'network',
  'pay',
  'grant',
  'credential',
  'execute',
  'other',
];

const shortKind = { tool: 'tool', prompt: 'prompt', resource: 'resource', resource_template: 'template' } as const;

/** What is decided of one tool, as it was shown: approve what it says now, keep what was approved, or let nobody use it. */
export function ToolDecision({ server, view }: { readonly server: ServerWithTools; readonly view: ToolView }) {
  const decision = useDecision(server.id);
  const [trusted, setTrusted] = useState<Answers>(view.vetted.answers ?? view.does.answers);
  const [does, setDoes] = useState<readonly Effect[]>(view.vetted.effects);
  const name = pinnedName(view);
  const what = view.kind === 'instructions' ? 'these instructions' : `this ${shortKind[view.kind]}`;
  const { approved } = view;
  const vetted = {
    ...(trusted === (view.vetted.answers ?? view.does.answers) ? {} : { answers: trusted }),
    ...(does.toSorted().join() === view.vetted.effects.toSorted().join() ? {} : { effects: [...does] }),
  };
  const isApproved = view.state === 'approved';
  const isOnlyReading = view.does.effects.every((effect) => effect === 'read' || effect === 'network');
  return (
    <section className="stack" aria-label={`Decide about ${view.name}`}>
      <h3>Decide</h3>
      {view.kind === 'tool' ? (
        <div className="row tool-vetting">
          <Select
            label="What it answers is"
            description={
              isOnlyReading
                ? 'only what nobody else can write into is to be trusted'
                : 'it does more than read: nothing it answers is trusted'
            }
            size="sm"
            allowDeselect={false}
            disabled={!isOnlyReading}
            data={answers.map((value) => ({ value, label: answersWords[value] }))}
            value={isOnlyReading ? trusted : 'content'}
            onChange={(value) => setTrusted(answers.find((one) => one === value) ?? 'content')}
          />
          <MultiSelect
            label="What it does besides what its name says"
            description="policies judge it as this, too"
            size="sm"
            data={[...effects]}
            value={[...does]}
            onChange={(values) => setDoes(effects.filter((effect) => values.includes(effect)))}
          />
        </div>
      ) : null}
      <div className="row">
        <Button
          size="compact-md"
          loading={decision.isPending}
          disabled={isApproved && Object.keys(vetted).length === 0}
          onClick={() =>
            decision.mutate({
              purpose: `approve ${name}`,
              approve:
                view.kind === 'tool'
                  ? { tools: [{ name: view.name, digest: view.digest, ...vetted }] }
                  : approvalOf([view]),
            })
          }
        >
          {isApproved ? 'Change' : server.state === 'approved' ? `Approve ${what}` : `Approve the server with ${what}`}
        </Button>
        {approved === undefined || isApproved ? null : (
          <Button
            size="compact-md"
            variant="default"
            loading={decision.isPending}
            onClick={() =>
              decision.mutate({
                purpose: `keep what ${name} said before`,
                approve: approvalOf([{ ...view, digest: approved.digest, instead_of: view.digest }]),
              })
            }
          >
            Keep what was approved
          </Button>
        )}
        {view.state === 'blocked' ? null : (
          <Button
            size="compact-md"
            color="red"
            variant="light"
            loading={decision.isPending}
            onClick={() => decision.mutate({ purpose: `block ${name}`, block: { tool: view.name, kind: view.kind } })}
          >
            Block {what}
          </Button>
        )}
      </div>
      {decision.error === null ? null : <ProblemNotice problem={decision.error} />}
    </section>
  );
}
