import { Button, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { CopyField } from '../../../parts/copy-field.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { SidePanel } from '../../../parts/side-panel.tsx';
import { AddCredential } from './add-credential.tsx';
import { servicesQuery, StateChip, type ServiceAccount } from './service-account.tsx';

type Credential = ServiceAccount['credentials'][number];

const kinds: Readonly<Record<string, string>> = {
  secret: 'Secret',
  'public-key': 'Public key',
  certificate: 'Client certificate',
  'certificate-name': 'Certificates of an authority',
};

/** One account: what it may do, what it proves itself with, and how to stop it. */
export function ServicePanel({
  account,
  ownerName,
  onClose,
}: {
  readonly account: ServiceAccount;
  readonly ownerName: string;
  readonly onClose: () => void;
}) {
  const { id } = account;
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<'credential' | 'delete'>();
  const onSettled = (): Promise<void> => queries.invalidateQueries({ queryKey: servicesQuery.queryKey });
  const isStopped = account.suspendedAtMs !== undefined;
  const turn = useMutation({
    mutationFn: () =>
      isStopped
        ? call('POST /v1/service-accounts/{id}/resume', { params: { id }, purpose: `let ${account.name} go on` })
        : call('POST /v1/service-accounts/{id}/suspend', { params: { id } }),
    onSettled,
  });
  const remove = useMutation({
    mutationFn: (credentialId: string) =>
      call('DELETE /v1/service-accounts/{id}/credentials/{credentialId}', { params: { id, credentialId } }),
    onSettled,
  });
  const forget = useMutation({
    mutationFn: () => call('DELETE /v1/service-accounts/{id}', { params: { id }, purpose: `delete ${account.name}` }),
    async onSuccess() {
      onClose();
      await onSettled();
    },
  });
  const problem = turn.error ?? remove.error;
  return (
    <SidePanel
      title={account.name}
      label={`Service account ${account.name}`}
      above={<StateChip account={account} />}
      onClose={onClose}
    >
      {account.description === '' ? null : <p>{account.description}</p>}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="stack tight">
        <span className="quiet small">Its client id</span>
        <CopyField value={id} label="the client id" />
      </div>
      <dl className="facts stacked">
        <div>
          <dt>Who answers for it</dt>
          <dd>{ownerName}</dd>
        </div>
        <div>
          <dt>It may</dt>
          <dd>{account.scopes.join(', ')}</dd>
        </div>
        {account.sites === undefined ? null : (
          <div>
            <dt>Only at</dt>
            <dd>{account.sites.join(', ')}</dd>
          </div>
        )}
        <div>
          <dt>Its tokens</dt>
          <dd>{account.boundOnly ? 'only bound to a key or certificate' : 'anybody may use who has one'}</dd>
        </div>
        <div>
          <dt>Made</dt>
          <dd>
            <Clock at={account.createdAtMs} />
          </dd>
        </div>
        <div>
          <dt>Ends</dt>
          <dd>{account.expiresAtMs === undefined ? 'never' : <Clock at={account.expiresAtMs} short={false} />}</dd>
        </div>
      </dl>
      <section className="stack" aria-labelledby="credentials">
        <h3 id="credentials">What it proves itself with</h3>
        {account.credentials.length === 0 ? <p className="quiet">Nothing yet: it cannot come in.</p> : null}
        <ul className="lines">
          {account.credentials.map((credential) => (
            <li key={credential.id}>
              <span className="line-main">
                <span className="line-name">
                  {kinds[credential.kind] ?? credential.kind}: {credential.label}
                </span>
                <span className="quiet small">
                  {wordsOf(credential)} ·{' '}
                  {credential.lastUsedAtMs === undefined ? (
                    'never used'
                  ) : (
                    <>
                      last used <Clock at={credential.lastUsedAtMs} />
                    </>
                  )}
                  {credential.expiresAtMs === undefined ? null : (
                    <>
                      {' '}
                      · {credential.expiresAtMs <= Date.now() ? 'ended' : 'good until'}{' '}
                      <Clock at={credential.expiresAtMs} />
                    </>
                  )}
                </span>
              </span>
              <Button
                size="compact-sm"
                variant="default"
                loading={remove.isPending && remove.variables === credential.id}
                aria-label={`Take away ${credential.label}`}
                onClick={() => remove.mutate(credential.id)}
              >
                Take away
              </Button>
            </li>
          ))}
        </ul>
        <p className="quiet small">Taking one away ends every token of the account at once.</p>
        <div>
          <Button variant="default" onClick={() => setDialog('credential')}>
            Add a credential
          </Button>
        </div>
      </section>
      <div className="row">
        <Button variant="default" loading={turn.isPending} onClick={() => turn.mutate()}>
          {isStopped ? 'Let it go on' : 'Stop it'}
        </Button>
        <Button variant="subtle" color="red" onClick={() => setDialog('delete')}>
          Delete
        </Button>
      </div>
      <AddCredential account={account} opened={dialog === 'credential'} onClose={() => setDialog(undefined)} />
      <Modal
        opened={dialog === 'delete'}
        onClose={() => setDialog(undefined)}
        title={`Delete “${account.name}”?`}
        centered
      >
        <div className="stack">
          <p>Its credentials and tokens are gone at once, and the program is refused. This cannot be undone.</p>
          {forget.error === null ? null : <ProblemNotice problem={forget.error} />}
          <div className="row">
            <Button color="red" loading={forget.isPending} onClick={() => forget.mutate()}>
              Delete {account.name}
            </Button>
            <Button variant="default" onClick={() => setDialog(undefined)}>
              Keep it
            </Button>
          </div>
        </div>
      </Modal>
    </SidePanel>
  );
}

function wordsOf({ kind, prefix, algorithm, thumbprint, subject, name, authoritySubject }: Credential): string {
  if (kind === 'secret') return `begins with ${prefix ?? ''}`;
  if (kind === 'public-key') return `${algorithm ?? ''}, ${thumbprint?.slice(0, 12) ?? ''}…`;
  if (kind === 'certificate') return subject ?? '';
  return `${name?.value ?? ''}, issued by ${authoritySubject ?? ''}`;
}
