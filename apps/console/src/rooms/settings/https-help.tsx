import { useState } from 'react';
import { SegmentedControl } from '@mantine/core';
import { CopyField } from '../../parts/copy-field.tsx';

const ways = [
  { value: 'own', label: 'Its own authority' },
  { value: 'given', label: 'A certificate you have' },
] as const;

const trust = [
  { system: 'Windows', how: 'certutil -addstore -f ROOT authority.pem' },
  {
    system: 'macOS',
    how: 'sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain authority.pem',
  },
  {
    system: 'Linux',
    how: 'sudo cp authority.pem /usr/local/share/ca-certificates/sallyport.crt && sudo update-ca-certificates',
  },
  { system: 'Firefox', how: 'Settings → Privacy & Security → Certificates → View → Authorities → Import' },
];

/** How others reach the console safely: a name, and a certificate their machines trust. */
export function HttpsHelp() {
  const [way, setWay] = useState<(typeof ways)[number]['value']>('own');
  if (location.protocol === 'https:') {
    return (
      <p>
        This page already came over HTTPS, under <strong>{location.host}</strong>.
      </p>
    );
  }
  return (
    <div className="stack">
      <p className="quiet">
        Over plain HTTP the server answers this machine only. For others it needs a name and a certificate.
      </p>
      <SegmentedControl
        aria-label="Kind of certificate"
        value={way}
        data={ways.map((entry) => ({ ...entry }))}
        onChange={setWay}
      />
      {way === 'own' ? (
        <>
          <p>
            Start it with the name others will use. It makes a certificate from its own authority and renews it by
            itself:
          </p>
          <CopyField value="npm start -- --host 0.0.0.0 --name sallyport.example.org" label="the command" />
          <p>
            Then make the machines trust that authority once. Its certificate is <code>authority.pem</code> in the data
            directory:
          </p>
          <dl className="facts stacked">
            {trust.map(({ system, how }) => (
              <div key={system}>
                <dt>{system}</dt>
                <dd className="mono">{how}</dd>
              </div>
            ))}
          </dl>
        </>
      ) : (
        <p>
          Put a reverse proxy you already run (nginx, Caddy, Traefik) before it, with your certificate or one from ACME,
          and let it pass on to <code>{location.host}</code> on this machine, keeping the host name.
        </p>
      )}
    </div>
  );
}
