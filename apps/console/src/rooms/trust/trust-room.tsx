import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { Problem } from '../../api/problem.ts';
import { useAddress } from '../../app/address.ts';
import { Alone } from '../../parts/alone.tsx';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { Fingerprint } from '../../parts/fingerprint.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { detectSystem, isSystem, systems } from './detect-system.ts';
import { fileFor, stepsFor, systemNames } from './system-steps.tsx';

/** For everybody whose machine is to trust this server: what to install, how to check it, what it can do, how to remove it. */
export function TrustRoom() {
  const { data, error, refetch } = useQuery({
    queryKey: ['authority'],
    queryFn: ({ signal }) => call('GET /v1/authority', { signal }),
  });
  const hasNone = error instanceof Problem && error.code === 'authority_none';
  return (
    <Alone wide>
      <RoomHead
        title="Trust this server"
        lead="It signs its certificate with an authority of its own. Once your device trusts that, the address opens without a warning."
      />
      {hasNone ? (
        <Notice title="There is nothing to install">
          <p>This server has no authority of its own. If your browser warns about it, ask who runs it.</p>
        </Notice>
      ) : null}
      {error !== null && !hasNone ? <ProblemNotice problem={error} retry={() => void refetch()} /> : null}
      {data === undefined && error === null ? <Loading heights={[180, 260]} /> : null}
      {data === undefined ? null : <Authority authority={data} />}
      <p>
        <Link href="/">To the console</Link>
      </p>
    </Alone>
  );
}

function Authority({ authority }: { readonly authority: Answer<'GET /v1/authority'> }) {
  const { get } = useAddress();
  const chosen = get('system');
  const system = isSystem(chosen) ? chosen : detectSystem(navigator.userAgent, navigator.maxTouchPoints);
  const { trust, remove } = stepsFor(system, authority.name);
  const ending = fileFor[system];
  return (
    <>
      <section className="sheet" aria-labelledby="compare">
        <h2 id="compare">1. Know the fingerprint</h2>
        <p>
          Ask whoever runs this server to read it to you, by telephone or face to face. If one pair differs, stop:
          somebody is between you and the server.
        </p>
        <Fingerprint value={authority.fingerprint_sha256} label="SHA-256 fingerprint" />
        <details className="fold">
          <summary>As text, and the short one some systems show</summary>
          <div className="stack tight">
            <CopyField value={authority.fingerprint_sha256} label="the SHA-256 fingerprint" />
            <p className="quiet small">
              SHA-1, to recognise it only: <span className="mono">{authority.fingerprint_sha1}</span>
            </p>
          </div>
        </details>
      </section>
      <section className="sheet" aria-labelledby="install">
        <h2 id="install">2. Install it</h2>
        <nav className="system-picker" aria-label="Your system">
          {systems.map((one) => (
            <Link key={one} href={`/trust?system=${one}`} replace aria-current={one === system ? 'true' : undefined}>
              {systemNames[one]}
            </Link>
          ))}
        </nav>
        <ol className="trust-steps">
          <li>
            Download the certificate.
            <div className="row">
              <a className="download-link" href={`/v1/authority.${ending}`} download={`sallyport-authority.${ending}`}>
                <IconDownload size={18} aria-hidden="true" /> Download for {systemNames[system]}
              </a>
            </div>
          </li>
          {trust.map((step, at) => (
            // The steps of one system never change their order.
            <li key={`${system}${at}`}>{step}</li>
          ))}
        </ol>
        <p className="quiet small">
          Other forms of the same: <a href="/v1/authority.pem">PEM</a>, <a href="/v1/authority.crt">DER</a>,{' '}
          <a href="/v1/authority.mobileconfig">Apple profile</a>.
        </p>
      </section>
      <section className="sheet" aria-labelledby="limits">
        <h2 id="limits">3. What you allow by it</h2>
        <p>
          The certificate itself says what it may vouch for. Your device refuses it for anything else, even if its key
          were stolen: not your bank, not your mail.
        </p>
        <dl className="facts">
          <dt>Names</dt>
          <dd>{authority.names.join(', ')}, and what is below them</dd>
          <dt>Addresses</dt>
          <dd>{authority.ranges.join(', ')}</dd>
          <dt>Until</dt>
          <dd>
            <Clock at={authority.not_after} short={false} />
          </dd>
        </dl>
      </section>
      <section className="sheet" aria-labelledby="remove">
        <h2 id="remove">Take it away again</h2>
        <div>{remove}</div>
      </section>
    </>
  );
}
