import { Button, Modal, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { CopyField } from '../../../parts/copy-field.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { servicesQuery, type ServiceAccount } from './service-account.tsx';

type Kind = 'public-key' | 'secret' | 'certificate';

const kinds: readonly { readonly value: Kind; readonly label: string }[] = [
  { value: 'public-key', label: 'Public key: the program signs, nothing secret is kept here' },
  { value: 'certificate', label: 'Client certificate' },
  { value: 'secret', label: 'Secret: shown once' },
];
const overlaps = [
  { value: '', label: 'Until you take it away' },
  { value: '86400000', label: 'For another day' },
  { value: '604800000', label: 'For another week' },
  { value: '0', label: 'Not any more' },
];

/** A key, certificate or secret for an account. A secret can take the place of another, with both good for a while. */
export function AddCredential({
  account,
  opened,
  onClose,
}: {
  readonly account: ServiceAccount;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const { id } = account;
  const queries = useQueryClient();
  const [kind, setKind] = useState<Kind>('public-key');
  const [label, setLabel] = useState('');
  const [text, setText] = useState('');
  const [overlap, setOverlap] = useState('');
  const add = useMutation({
    async mutationFn(): Promise<string | undefined> {
      const purpose = `give ${account.name} a credential`;
      if (kind === 'secret') {
        const body = { label: label.trim(), ...(overlap === '' ? {} : { overlapMs: Number(overlap) }) };
        return (await call('POST /v1/service-accounts/{id}/secrets', { params: { id }, body, purpose })).secret;
      }
      const credential =
        kind === 'certificate' ? ({ kind, pem: text } as const) : ({ kind, jwk: keyIn(text) } as const);
      await call('POST /v1/service-accounts/{id}/credentials', {
        params: { id },
        body: { label: label.trim(), credential },
        purpose,
      });
      return undefined;
    },
    async onSuccess(secret) {
      await queries.invalidateQueries({ queryKey: servicesQuery.queryKey });
      if (secret === undefined) close();
    },
  });
  const close = (): void => {
    add.reset();
    setLabel('');
    setText('');
    onClose();
  };
  const hasSecret = account.credentials.some((one) => one.kind === 'secret');
  return (
    <Modal opened={opened} onClose={close} title={`A credential for ${account.name}`}>
      {add.data === undefined ? (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <NativeSelect
            label="Kind"
            value={kind}
            data={[...kinds]}
            onChange={(event) =>
              setKind(kinds.find(({ value }) => value === event.currentTarget.value)?.value ?? 'public-key')
            }
          />
          <TextInput
            label="Name"
            description="By which you tell it apart."
            maxLength={100}
            value={label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          {kind === 'secret' ? (
            hasSecret ? (
              <NativeSelect
                label="The secret there is stays good"
                value={overlap}
                data={overlaps}
                onChange={(event) => setOverlap(event.currentTarget.value)}
              />
            ) : null
          ) : (
            <Textarea
              label={kind === 'certificate' ? 'Certificate (PEM)' : 'Public key (JWK)'}
              placeholder={
                kind === 'certificate' ? '-----BEGIN CERTIFICATE-----' : '{"kty":"EC","crv":"P-256","x":"…","y":"…"}'
              }
              autosize
              minRows={4}
              maxRows={12}
              maxLength={16_384}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          {add.error === null ? null : <ProblemNotice problem={add.error} />}
          <Button
            type="submit"
            loading={add.isPending}
            disabled={label.trim() === '' || (kind !== 'secret' && text.trim() === '')}
          >
            Add it
          </Button>
        </form>
      ) : (
        <div className="stack">
          <p>Shown this once. The server keeps only a hash of it.</p>
          <CopyField value={add.data} label="the secret" />
          <Button variant="default" onClick={close}>
            Done
          </Button>
        </div>
      )}
    </Modal>
  );
}

/** What was pasted, as an object; empty when it is none, which the server refuses in words. */
function keyIn(text: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null ? { ...read } : {};
  } catch {
    return {};
  }
}
