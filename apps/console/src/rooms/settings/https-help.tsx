import { CopyField } from '../../parts/copy-field.tsx';

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
        Over plain HTTP the server answers this machine only. Start it with the name others will use: it makes a
        certificate from its own authority, and renews it by itself.
      </p>
      <CopyField value="npm start -- --host 0.0.0.0 --name sallyport.example.org" label="the command" />
      <p className="quiet">
        Then make their machines trust that authority, once. Its certificate is <code>authority.pem</code> in the data
        directory. It can vouch for the names you gave and no others.
      </p>
      <dl className="facts stacked">
        {trust.map(({ system, how }) => (
          <div key={system}>
            <dt>{system}</dt>
            <dd className="mono">{how}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
