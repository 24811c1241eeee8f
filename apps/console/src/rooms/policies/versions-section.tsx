import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useAddress } from '../../app/address.ts';
import { Clock } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { DamagedVersions } from './damaged.tsx';
import type { DamagedVersion } from './damaged.tsx';

/** A version of policies, as its line says it. */
export type ListedVersion = {
  readonly version: number;
  readonly state: string;
  readonly madeBy: string;
  readonly made: string | number;
  readonly documents: number;
  readonly from: number | undefined;
  readonly approvedBy: string | undefined;
  readonly note: string;
};

type Step<Input> = {
  readonly isPending: boolean;
  mutate(input: Input, then?: { readonly onSuccess: () => void }): void;
};

const stateWords: Readonly<Record<string, string>> = {
  staged: 'Staged: in force nowhere yet',
  waiting: 'Waits for somebody else to approve',
  active: 'In force',
  former: 'Was in force',
  withdrawn: 'Withdrawn',
};

/** Every version, and the steps into force and back; `below` is shown under the one that is opened. */
export function VersionsSection<Version extends ListedVersion>({
  versions,
  damaged,
  mayWrite,
  differs,
  problem,
  stage,
  withdraw,
  openWords,
  steps,
  below,
  children,
}: {
  readonly versions: readonly Version[];
  readonly damaged: readonly DamagedVersion[];
  readonly mayWrite: boolean;
  /** What is written is not what is in force. */
  readonly differs: boolean;
  readonly problem: unknown;
  readonly stage: Step<{ readonly note: string; readonly from?: number }>;
  readonly withdraw: Step<number>;
  /** On the button that opens one. */
  readonly openWords: (isOpen: boolean) => string;
  readonly steps?: (version: Version) => ReactNode;
  readonly below: (version: Version) => ReactNode;
  readonly children?: ReactNode;
}) {
  const { get, change } = useAddress();
  const [note, setNote] = useState('');
  const opened = Number(get('version') ?? 0);
  return (
    <section className="sheet stack tight" aria-label="Versions">
      <h2>Versions</h2>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <DamagedVersions damaged={damaged} />
      {mayWrite && differs ? (
        <div className="row">
          <TextInput
            className="grow"
            aria-label="What you changed"
            placeholder="What you changed, for those who come later (optional)"
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <Button loading={stage.isPending} onClick={() => stage.mutate({ note }, { onSuccess: () => setNote('') })}>
            Stage what is written
          </Button>
        </div>
      ) : null}
      {versions.length === 0 ? <p className="quiet">Nothing was staged yet.</p> : null}
      <ul className="lines">
        {versions.map((one) => {
          const isOpen = one.state === 'staged' || one.state === 'waiting';
          const isShown = opened === one.version;
          return (
            <li key={one.version} className="policy-version">
              <div className="row">
                <VersionWords made={one} />
                <Button
                  variant="default"
                  size="xs"
                  aria-expanded={isShown}
                  onClick={() => change({ version: isShown ? undefined : String(one.version) }, { replace: true })}
                >
                  {openWords(isOpen)}
                </Button>
                {mayWrite ? steps?.(one) : null}
                {mayWrite && isOpen ? (
                  <Button size="xs" variant="default" onClick={() => withdraw.mutate(one.version)}>
                    {one.state === 'waiting' ? 'Decline' : 'Withdraw'}
                  </Button>
                ) : null}
                {mayWrite && one.state === 'former' ? (
                  <Button size="xs" variant="default" onClick={() => stage.mutate({ note, from: one.version })}>
                    Stage again
                  </Button>
                ) : null}
              </div>
              {isShown ? below(one) : null}
            </li>
          );
        })}
      </ul>
      {children}
    </section>
  );
}

function VersionWords({ made }: { readonly made: ListedVersion }) {
  const { version, state, madeBy, made: at, documents, from, approvedBy, note } = made;
  return (
    <span className="grow">
      <strong>{version}</strong> <span className="chip">{stateWords[state] ?? state}</span>{' '}
      <span className="quiet small">
        {printable(madeBy)}, <Clock at={at} short={false} />, {plural(documents, 'document')}
        {from === undefined ? '' : `, as version ${from} was`}
        {approvedBy === undefined ? '' : `, approved by ${printable(approvedBy)}`}
      </span>
      {note === '' ? null : <span className="small"> {printable(note)}</span>}
    </span>
  );
}
