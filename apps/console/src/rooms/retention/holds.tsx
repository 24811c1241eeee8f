import { Button } from '@mantine/core';
import { IconGavel } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { whoWords } from '../keys/key-words.ts';
import { destructionsQuery } from './destructions-query.ts';
import type { Destructions, Hold } from './destructions-query.ts';
import { holdCovers } from './hold-words.ts';
import { isEnded } from './intent-words.ts';
import { retentionNextSteps } from './next-steps.ts';
import { PlaceHold } from './place-hold.tsx';

/** What must not be destroyed, by whose word, and until somebody ends it. */
export function Holds({
  overview,
  names,
  canManage,
  onOpenIntent,
}: {
  readonly overview: Destructions;
  readonly names: ReadonlyMap<string, string>;
  readonly canManage: boolean;
  readonly onOpenIntent: (id: string) => void;
}) {
  const [isPlacing, setPlacing] = useState(false);
  const [releasing, setReleasing] = useState<Hold>();
  const place = canManage ? (
    <Button size="compact-sm" onClick={() => setPlacing(true)}>
      Place a hold
    </Button>
  ) : undefined;
  const { holds } = overview;
  return (
    <section className="sheet" aria-labelledby="holds">
      <div className="sheet-head">
        <h2 id="holds">Legal holds</h2>
        <span className="quiet small">stronger than every policy and request</span>
        {holds.length === 0 ? null : place}
      </div>
      {holds.length === 0 ? (
        <EmptyRoom title="Nothing is held" action={place}>
          A dispute, a search warrant, an inquiry: place a hold, and what it covers survives every destruction until two
          people end it.
        </EmptyRoom>
      ) : (
        <ul className="lines" aria-label="Legal holds">
          {holds.map((hold) => {
            const ending = overview.intents.find(
              (intent) =>
                intent.kind === 'release' &&
                (intent.holdId === hold.id || intent.holdIds?.includes(hold.id) === true) &&
                !isEnded(intent),
            );
            return (
              <li key={hold.id} className="provider">
                <IconGavel size={20} stroke={1.6} aria-hidden="true" />
                <span className="line-main">
                  <span className="line-name">{printable(hold.name)}</span>
                  <span className="small">{holdCovers(hold)}</span>
                  <span className="small quiet">
                    {printable(hold.reason)} · {printable(whoWords(hold.by, names))},{' '}
                    <Clock at={hold.atMs} short={false} /> · covers{' '}
                    {plural(hold.keyIds.length + (hold.leftOut ?? 0), 'key')} now
                  </span>
                </span>
                {ending !== undefined ? (
                  <Button size="compact-sm" variant="default" onClick={() => onOpenIntent(ending.id)}>
                    Its end waits for signatures
                  </Button>
                ) : canManage ? (
                  <Button
                    size="compact-sm"
                    variant="default"
                    aria-label={`End it: ${hold.name}`}
                    onClick={() => setReleasing(hold)}
                  >
                    End it…
                  </Button>
                ) : null}
              </li>
            );
          })}
        </ul>
      )}
      {isPlacing ? <PlaceHold onClose={() => setPlacing(false)} /> : null}
      {releasing === undefined ? null : (
        <ReleaseHold hold={releasing} onDone={onOpenIntent} onClose={() => setReleasing(undefined)} />
      )}
    </section>
  );
}

function ReleaseHold({
  hold,
  onDone,
  onClose,
}: {
  readonly hold: Hold;
  readonly onDone: (intent: string) => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const release = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/vault/holds/{id}/release', {
        params: { id: hold.id },
        body: { reason },
        purpose: 'end a legal hold',
      }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: destructionsQuery.queryKey });
      onClose();
      onDone(id);
    },
  });
  return (
    <ReasonDialog
      title={`End the hold ${hold.name}?`}
      points={[
        'Two people sign it with their passkeys; until then the hold stands.',
        'Afterwards policies and requests may destroy what it covered.',
      ]}
      confirm="Ask for its end"
      isPending={release.isPending}
      problem={
        release.error === null ? null : <ProblemWithStep problem={release.error} nextSteps={retentionNextSteps} />
      }
      onConfirm={(reason) => release.mutate(reason)}
      onClose={onClose}
    />
  );
}
