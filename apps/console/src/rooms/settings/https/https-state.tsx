import { Button } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { QRCodeSVG } from 'qrcode.react';
import { call } from '../../../api/call.ts';
import { Clock } from '../../../parts/clock.tsx';
import { CopyField } from '../../../parts/copy-field.tsx';
import { Fingerprint } from '../../../parts/fingerprint.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import type { Https } from './https-query.ts';
import { NameTests } from './name-tests.tsx';
import { OrderProgress } from './order-progress.tsx';

const sources = { authority: 'this server’s own authority', own: 'a certificate of yours', acme: 'ACME' } as const;

/** What others find, and what to do about what is wrong. */
export function HttpsState({ https, canChange }: { readonly https: Https; readonly canChange: boolean }) {
  const { origin, certificate, problem, warnings, acme, kind } = https;
  return (
    <div className="stack">
      {https.state === 'failed' ? (
        <Notice tone="bad" title={problem?.message ?? 'It could not be opened'}>
          {problem?.hint === null || problem === null ? null : <p>{problem.hint}</p>}
          <p className="small">Tried again every minute. This machine still reaches the server.</p>
        </Notice>
      ) : null}
      {warnings
        .filter(({ code }) => code !== 'https_not_listening')
        .map(({ code, message }) => (
          <Notice key={code} tone="warn" title={message} />
        ))}
      {acme === null ? null : <OrderProgress https={https} acme={acme} canChange={canChange} />}
      {origin === null ? null : <Address origin={origin} isOwnAuthority={kind === 'authority'} canChange={canChange} />}
      {certificate === null ? null : (
        <dl className="facts">
          <dt>Names</dt>
          <dd>{https.names.join(', ')}</dd>
          <dt>Listens on</dt>
          <dd>
            {https.host} port {https.port}
          </dd>
          <dt>Certificate</dt>
          <dd>
            from {kind === null ? 'nobody' : sources[kind]}, issued by {certificate.issuer}
          </dd>
          <dt>Valid until</dt>
          <dd>
            <Clock at={certificate.not_after} short={false} />
            {certificate.renew_at === null ? (
              <span className="quiet"> · bring the next one before that</span>
            ) : (
              <span className="quiet">
                {' '}
                · renewed by itself from <Clock at={certificate.renew_at} short={false} />
              </span>
            )}
          </dd>
        </dl>
      )}
      {https.kind !== 'authority' || https.authority === null ? null : (
        <section className="stack tight" aria-labelledby="read-aloud">
          <h3 id="read-aloud">Read this to people</h3>
          <p className="quiet small">
            The SHA-256 fingerprint of the authority. The page at /trust shows them the same; they compare before they
            trust it.
          </p>
          <Fingerprint value={https.authority.fingerprint_sha256} label="SHA-256 fingerprint of the authority" />
        </section>
      )}
      {certificate === null ? null : (
        <details className="fold">
          <summary>Fingerprint of the server’s own certificate, for machines that pin it</summary>
          <p className="quiet small">
            It changes with every renewal{https.kind === 'authority' ? ', and is not the one people compare' : ''}.
          </p>
          <Fingerprint value={certificate.fingerprint_sha256} label="SHA-256 fingerprint of the certificate" />
        </details>
      )}
    </div>
  );
}

function Address({
  origin,
  isOwnAuthority,
  canChange,
}: {
  readonly origin: string;
  readonly isOwnAuthority: boolean;
  readonly canChange: boolean;
}) {
  const test = useMutation({ mutationFn: () => call('POST /v1/settings/https/test', {}) });
  const { host, hostname } = new URL(origin);
  return (
    <div className="https-address">
      <div className="qr">
        <QRCodeSVG value={origin} size={136} marginSize={2} title={`Square code that opens ${origin}`} />
      </div>
      <div className="stack tight">
        <span className="quiet">Others reach this server at</span>
        <a className="https-link" href={origin} target="_blank" rel="noreferrer">
          {host} <IconExternalLink size={18} aria-label="opens in a new tab" />
        </a>
        <CopyField value={origin} label="the address" />
        {canChange ? (
          <div className="row">
            <Button variant="default" size="compact-sm" loading={test.isPending} onClick={() => test.mutate()}>
              Test it from the server
            </Button>
            <span className="quiet small">or open the address above in this browser</span>
          </div>
        ) : null}
        {test.error === null ? null : <ProblemNotice problem={test.error} />}
        {test.data === undefined ? null : <NameTests names={test.data.names} isOwnAuthority={isOwnAuthority} />}
        {isOwnAuthority ? (
          <p>
            Machines must trust the authority first: <a href="/trust">how to, for each system</a>. Others find the same
            page at <a href={`${origin}/trust`}>{`${host}/trust`}</a>.
          </p>
        ) : null}
        <p className="quiet small">
          Passkeys belong to a host name: one made at <strong>{location.hostname}</strong> does not open{' '}
          <strong>{hostname}</strong>. Sign in there with your password and code, then add a passkey.
        </p>
      </div>
    </div>
  );
}
