import { Button, Modal } from '@mantine/core';
import { IconFingerprint } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { Problem } from '../../api/problem.ts';
import { Notice } from '../../parts/notice.tsx';
import { plural } from '../../parts/numbers.ts';
import { passkeyRefusal, usePasskey as askPasskey } from '../../parts/passkey.ts';
import { printable } from '../../parts/printable.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { destructionsQuery } from './destructions-query.ts';
import type { Intent } from './destructions-query.ts';
import { intentTitle, signingPoints } from './intent-words.ts';
import { KeyNames } from './key-names.tsx';
import { retentionNextSteps } from './next-steps.ts';

/** Shows exactly what is signed, then asks the passkey for a signature over its digest. */
export function SignIntent({
  intent,
  holdName,
  onClose,
}: {
  readonly intent: Intent;
  readonly holdName: string | undefined;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const sign = useMutation({
    mutationFn: async () => {
      // A challenge is the digest of the very list below; the vault refuses a signature over any other.
      const { digest, passkey } = await call('POST /v1/vault/destructions/{id}/signing', { params: { id: intent.id } });
      if (digest !== intent.digest)
        throw new Error('The list is another one than the one shown here. Close this and look again.');
      const response = await askPasskey(passkey);
      return call('POST /v1/vault/destructions/{id}/signatures', { params: { id: intent.id }, body: { response } });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: destructionsQuery.queryKey });
      onClose();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Sign: ${intentTitle({ ...intent, holdName })}?`}
      closeOnClickOutside={false}
    >
      <div className="stack">
        <ul className="plain-points">
          {signingPoints(intent).map((point) => (
            <li key={point}>{point}</li>
          ))}
        </ul>
        <dl className="facts">
          <div>
            <dt>Why</dt>
            <dd>{printable(intent.reason)}</dd>
          </div>
          {intent.approver?.passkeys.map(({ credentialId, hostName, fingerprint }) => (
            <div key={credentialId}>
              <dt>
                Passkey of {printable(intent.approver?.name ?? '')} for {hostName}
              </dt>
              <dd className="mono">{fingerprint}</dd>
            </div>
          ))}
          <div>
            <dt>Digest</dt>
            <dd className="mono">{intent.digest}</dd>
          </div>
        </dl>
        {intent.keys.length === 0 ? null : (
          <details className="fold" open={intent.keys.length <= 8}>
            <summary>The exact list, {plural(intent.keys.length, 'key')}</summary>
            <KeyNames keys={intent.keys} kept={intent.kept} />
          </details>
        )}
        {sign.error === null ? null : sign.error instanceof Problem ? (
          <ProblemWithStep problem={sign.error} nextSteps={retentionNextSteps} />
        ) : (
          <Notice tone="warn" title="Nothing was signed">
            <p>{passkeyRefusal(sign.error)}</p>
          </Notice>
        )}
        <div className="row">
          <Button
            loading={sign.isPending}
            leftSection={<IconFingerprint size={18} aria-hidden="true" />}
            {...(intent.kind === 'request' ? { color: 'red' } : {})}
            onClick={() => sign.mutate()}
          >
            Sign with a passkey
          </Button>
          <Button variant="default" data-autofocus onClick={onClose}>
            Cancel
          </Button>
        </div>
      </div>
    </Modal>
  );
}
