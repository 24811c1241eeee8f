import { IconDeviceMobile, IconFingerprint, IconId } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/call.ts';
import type { Answer } from '../api/call.ts';
import { AuthenticatorApp } from './authenticator-app.tsx';
import { Notice, ProblemNotice } from './notice.tsx';
import { addressWithName, createPasskey, passkeyRefusal, passkeysPossible } from './passkey.ts';
import { Problem } from '../api/problem.ts';

type Enrolled = Answer<'POST /v1/enrolment/passkey'>;

/** Something only you have, besides the password: a passkey, or an app that makes codes. */
export function SecondFactor({
  enrolment,
  methods = ['passkey', 'totp'],
  onEnrolled,
}: {
  readonly enrolment: string;
  /** What would do. */
  readonly methods?: readonly string[];
  readonly onEnrolled: (enrolled: Enrolled) => void;
}) {
  const [isTotp, setTotp] = useState(false);
  const passkey = useMutation({
    mutationFn: async () => {
      const options = await call('POST /v1/enrolment/passkey/options', { body: { enrolment } });
      const response = await createPasskey(options);
      return call('POST /v1/enrolment/passkey', { body: { enrolment, response } });
    },
    onSuccess: onEnrolled,
  });
  const card = useMutation({
    mutationFn: () => call('POST /v1/enrolment/certificate/begin', { body: { enrolment } }),
    onSuccess: ({ url }) => location.assign(url),
  });
  if (isTotp) {
    return (
      <AuthenticatorApp
        begin={() => call('POST /v1/enrolment/totp', { body: { enrolment } })}
        confirm={(code) => call('POST /v1/enrolment/totp/confirm', { body: { enrolment, code } })}
        onDone={onEnrolled}
        onBack={() => setTotp(false)}
      />
    );
  }
  const named = addressWithName();
  return (
    <div className="stack">
      {passkeysPossible() ? (
        <button type="button" className="choice" onClick={() => passkey.mutate()} disabled={passkey.isPending}>
          <IconFingerprint size={28} stroke={1.5} aria-hidden="true" />
          <span>
            <strong>{passkey.isPending ? 'Waiting for your device…' : 'Use a passkey'}</strong>
            <span className="quiet">
              Fingerprint, face, screen lock or security key. Cannot be phished. Recommended.
            </span>
          </span>
        </button>
      ) : (
        <Notice title="Passkeys need a name, not a number">
          {named === undefined ? (
            <p>
              Open this page under a host name with HTTPS
              {methods.includes('totp') ? ', or use an authenticator app' : ''}.
            </p>
          ) : (
            <p>
              <a href={named}>Open this page as localhost</a>
              {methods.includes('totp') ? ', or use an authenticator app' : ''}.
            </p>
          )}
        </Notice>
      )}
      {methods.includes('certificate') ? (
        <button
          type="button"
          className="choice"
          onClick={() => card.mutate()}
          disabled={card.isPending || card.isSuccess}
        >
          <IconId size={28} stroke={1.5} aria-hidden="true" />
          <span>
            <strong>Use a smart card or certificate</strong>
            <span className="quiet">
              One your organisation gave you. Put the card in first: your browser asks which certificate to show.
            </span>
          </span>
        </button>
      ) : null}
      {card.error === null ? null : <ProblemNotice problem={card.error} />}
      {methods.includes('totp') ? (
        <button type="button" className="choice" onClick={() => setTotp(true)}>
          <IconDeviceMobile size={28} stroke={1.5} aria-hidden="true" />
          <span>
            <strong>Use an authenticator app</strong>
            <span className="quiet">Six digits that change every 30 seconds. Works with any such app, offline.</span>
          </span>
        </button>
      ) : null}
      {passkey.error === null ? null : passkey.error instanceof Problem ? (
        <ProblemNotice problem={passkey.error} />
      ) : (
        <Notice tone="warn" title="No passkey was made">
          <p>{passkeyRefusal(passkey.error)}</p>
        </Notice>
      )}
    </div>
  );
}
