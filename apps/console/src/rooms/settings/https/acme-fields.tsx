import { Button, Checkbox, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { PemField } from './pem-field.tsx';

export type AcmeDraft = {
  readonly directory: string;
  readonly isOther: boolean;
  readonly directoryCa: string;
  readonly challenge: 'http-01' | 'tls-alpn-01';
  readonly challengePort: string;
  readonly email: string;
  readonly hasAgreed: boolean;
  readonly keyId: string;
  readonly hmacKey: string;
};

const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory';
export const emptyAcme: AcmeDraft = {
  directory: letsEncrypt,
  isOther: false,
  directoryCa: '',
  challenge: 'http-01',
  challengePort: '80',
  email: '',
  hasAgreed: false,
  keyId: '',
  hmacKey: '',
};

export function AcmeFields({
  draft,
  port,
  onChange,
}: {
  readonly draft: AcmeDraft;
  readonly port: string;
  readonly onChange: (changes: Partial<AcmeDraft>) => void;
}) {
  const terms = useMutation({
    mutationFn: () => {
      const pem = draft.directoryCa.trim();
      const body = { directory_url: draft.directory.trim(), ...(pem === '' ? {} : { directory_ca_pem: pem }) };
      return call('POST /v1/settings/https/directory', { body });
    },
  });
  const isBound = draft.isOther && (terms.data?.external_account_required === true || draft.keyId !== '');
  return (
    <div className="stack">
      <NativeSelect
        label="Who issues it"
        value={draft.isOther ? 'other' : 'letsencrypt'}
        data={[
          { value: 'letsencrypt', label: 'Let’s Encrypt' },
          { value: 'other', label: 'Another ACME server' },
        ]}
        onChange={(event) => {
          const isOther = event.currentTarget.value === 'other';
          terms.reset();
          onChange({ isOther, directory: isOther ? '' : letsEncrypt, hasAgreed: false });
        }}
      />
      {draft.isOther ? (
        <>
          <TextInput
            label="Address of its directory"
            placeholder="https://acme.example.org/directory"
            required
            value={draft.directory}
            onChange={(event) => {
              terms.reset();
              onChange({ directory: event.currentTarget.value, hasAgreed: false });
            }}
          />
          <details className="fold">
            <summary>It is an ACME server of our own</summary>
            <div className="stack">
              <PemField
                label="Certificate of its authority"
                hint="Only if no public authority stands behind its address."
                value={draft.directoryCa}
                onChange={(directoryCa) => onChange({ directoryCa })}
              />
            </div>
          </details>
        </>
      ) : null}
      <div className="setting">
        <span id="proof">How it sees that the name is yours</span>
        <SegmentedControl
          aria-labelledby="proof"
          value={draft.challenge}
          data={[
            { value: 'http-01', label: 'Over HTTP' },
            { value: 'tls-alpn-01', label: 'Over HTTPS' },
          ]}
          onChange={(challenge) => onChange({ challenge: challenge === 'http-01' ? 'http-01' : 'tls-alpn-01' })}
        />
      </div>
      {draft.challenge === 'http-01' ? (
        <TextInput
          label="Port for the proof"
          description="It asks on port 80 of the name: that must lead here. Open only while it asks, and answers only that."
          inputMode="numeric"
          value={draft.challengePort}
          onChange={(event) => onChange({ challengePort: event.currentTarget.value })}
        />
      ) : (
        <p className="quiet small">
          It asks on port 443 of the name: that must lead to port {port} here. Nothing else is opened.
        </p>
      )}
      <TextInput
        label="E-mail"
        description="Optional. Some write when something is wrong with the account."
        type="email"
        value={draft.email}
        onChange={(event) => onChange({ email: event.currentTarget.value })}
      />
      <div className="stack tight">
        {terms.data === undefined ? (
          <div className="row">
            <Button
              variant="default"
              loading={terms.isPending}
              disabled={draft.directory.trim() === ''}
              onClick={() => terms.mutate()}
            >
              Show its terms
            </Button>
            <span className="quiet small">asks the ACME server for them, and whether it can be reached</span>
          </div>
        ) : (
          <p>
            {terms.data.terms_url === null ? (
              'It has no terms.'
            ) : (
              <a href={terms.data.terms_url} target="_blank" rel="noreferrer">
                Terms of this ACME server
              </a>
            )}
          </p>
        )}
        {terms.error === null ? null : <ProblemNotice problem={terms.error} retry={() => terms.mutate()} />}
        <Checkbox
          label="I have read its terms and agree to them"
          checked={draft.hasAgreed}
          onChange={(event) => onChange({ hasAgreed: event.currentTarget.checked })}
        />
      </div>
      {isBound ? (
        <div className="stack tight">
          <p className="quiet small">It binds accounts to one you have there already. Both come from its web site.</p>
          <TextInput
            label="Key identifier"
            autoComplete="off"
            value={draft.keyId}
            onChange={(event) => onChange({ keyId: event.currentTarget.value })}
          />
          <TextInput
            label="HMAC key"
            type="password"
            autoComplete="off"
            value={draft.hmacKey}
            onChange={(event) => onChange({ hmacKey: event.currentTarget.value })}
          />
        </div>
      ) : null}
    </div>
  );
}
