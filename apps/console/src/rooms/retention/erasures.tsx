import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAddress } from '../../app/address.ts';
import { Clock } from '../../parts/clock.tsx';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Notice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { formatSpan } from '../../parts/span.ts';
import { weakestPromise } from '../keys/key-words.ts';
import { vaultQuery } from '../keys/vault-query.ts';
import { ApproversSheet } from './approvers-sheet.tsx';
import { AskDestruction } from './ask-destruction.tsx';
import type { Destructions } from './destructions-query.ts';
import { IntentCard } from './intent-card.tsx';
import { isEnded } from './intent-words.ts';
import { OffSiteSheet } from './off-site-sheet.tsx';

function waitingWords(waitMs: number, evidence: Destructions['evidence']): string {
  const people = 'Two people, two passkeys';
  if (waitMs === 0) return `${people}, and no waiting time: this server was started without one.`;
  return `${people}, ${formatSpan(waitMs)} of waiting, ${
    evidence === 'witnesses'
      ? 'counted by the witnesses of the ledger.'
      : 'counted only while this server runs: no witness vouches for the time.'
  }`;
}

/** Everything that was asked for, agreed or carried out, what waits first; and who may sign. */
export function Erasures({
  overview,
  names,
  userId,
  canManage,
  withOffSite,
}: {
  readonly overview: Destructions;
  readonly names: ReadonlyMap<string, string>;
  readonly userId: string;
  readonly canManage: boolean;
  readonly withOffSite: boolean;
}) {
  const { get, change } = useAddress();
  const [isAsking, setAsking] = useState(false);
  const { intents, holds, approvers, evidence, waitMs, unknownSince, awaitsWord } = overview;
  const vault = useQuery(vaultQuery);
  const promise = weakestPromise(vault.data?.providers ?? []);
  const newestFirst = intents.toSorted((a, b) => b.atMs - a.atMs);
  const opened = get('open');
  // What the address names is on top, ended or not.
  const named = newestFirst.filter(({ id }) => id === opened);
  const waiting = [...named, ...newestFirst.filter((intent) => !isEnded(intent) && intent.id !== opened)];
  const ended = newestFirst.filter((intent) => !waiting.includes(intent));
  // After everything was put back, people are new to this server and their passkeys are not new to the vault.
  const own = approvers.filter(
    (approver) => approver.userId === userId || (names.size > 0 && !names.has(approver.userId)),
  );
  const approver = own.find(({ isEffective }) => isEffective) ?? own[0];
  const card = (intent: Destructions['intents'][number]) => (
    <IntentCard
      key={intent.id}
      intent={intent}
      holdName={holds.find(({ id }) => id === intent.holdId)?.name}
      names={names}
      userId={userId}
      approver={approver}
      canManage={canManage}
      promise={promise}
    />
  );
  const ask = canManage ? (
    <Button size="compact-sm" variant={waiting.length === 0 ? 'filled' : 'default'} onClick={() => setAsking(true)}>
      Ask for a destruction…
    </Button>
  ) : undefined;
  return (
    <>
      {unknownSince === undefined ? null : (
        <Notice tone="bad" title="After a restore, destructions may be missing here">
          <p>
            {printable(unknownSince.why)}. Since <Clock at={unknownSince.atMs} short={false} /> what was destroyed is
            not known for certain; compare this list with the certificates that were kept elsewhere.
          </p>
        </Notice>
      )}
      {awaitsWord !== true ? null : (
        <Notice tone="warn" title="After a restore, nothing expires yet">
          <p>
            Holds placed and policies lengthened since the backup may be missing. Place them again, then say so:{' '}
            <code>sallyport vault accept-restore --reason …</code>
          </p>
        </Notice>
      )}
      <div className="row spread">
        <p className="quiet small">{waitingWords(waitMs, evidence)}</p>
        {waiting.length === 0 && ended.length === 0 ? null : ask}
      </div>
      {waiting.map((intent) => card(intent))}
      {waiting.length === 0 && ended.length === 0 ? (
        <div className="sheet">
          <EmptyRoom title="Nothing was asked for" action={ask}>
            Days of a class that must go before their time, or the data of a person: ask for it here. Nothing happens
            before two people have signed.
          </EmptyRoom>
        </div>
      ) : null}
      {ended.length === 0 ? null : (
        <details className="fold">
          <summary>{ended.length} ended</summary>
          <div className="stack">{ended.map((intent) => card(intent))}</div>
        </details>
      )}
      <ApproversSheet
        overview={overview}
        userId={userId}
        canEnrol={canManage}
        onProposed={(id) => change({ open: id })}
      />
      {withOffSite ? <OffSiteSheet /> : null}
      {isAsking ? (
        <AskDestruction
          holds={holds}
          onDone={(id) => {
            setAsking(false);
            change({ open: id });
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
