import type { ReactNode } from 'react';
import { CopyField } from '../../parts/copy-field.tsx';
import type { System } from './detect-system.ts';

export const systemNames: Readonly<Record<System, string>> = {
  windows: 'Windows',
  macos: 'macOS',
  debian: 'Debian, Ubuntu',
  fedora: 'Fedora, RHEL',
  firefox: 'Firefox',
  android: 'Android',
  ios: 'iPhone, iPad',
};

/** The file each system opens by itself. */
export const fileFor: Readonly<Record<System, 'crt' | 'pem' | 'mobileconfig'>> = {
  windows: 'crt',
  macos: 'crt',
  debian: 'pem',
  fedora: 'pem',
  firefox: 'crt',
  android: 'crt',
  ios: 'mobileconfig',
};

type Steps = { readonly trust: readonly ReactNode[]; readonly remove: ReactNode };

const file = 'sallyport-authority';

/** What to do after the download, in the words of each system; `name` is how it lists the authority. */
export function stepsFor(system: System, name: string): Steps {
  switch (system) {
    case 'windows':
      return {
        trust: [
          <>
            Double-click the file. On the tab <em>Details</em>, <em>Thumbprint</em> is the short SHA-1 one below; the
            command{' '}
            <CopyField value={`certutil -hashfile %USERPROFILE%\\Downloads\\${file}.crt SHA256`} label="the command" />{' '}
            shows the long one.
          </>,
          <>
            <em>Install Certificate…</em> → <em>Current User</em> →{' '}
            <em>Place all certificates in the following store</em> → <em>Trusted Root Certification Authorities</em> →{' '}
            <em>Finish</em>.
          </>,
          <>Windows shows the thumbprint once more. Compare, then say yes. Restart the browser.</>,
        ],
        remove: (
          <>
            <em>certmgr.msc</em> → <em>Trusted Root Certification Authorities</em> → <em>Certificates</em> → delete “
            {name}”.
          </>
        ),
      };
    case 'macos':
      return {
        trust: [
          <>
            Open the file. <em>Keychain Access</em> asks where to: <em>login</em>.
          </>,
          <>
            Find “{name}”, double-click it, and compare the SHA-256 at the end of <em>Details</em>.
          </>,
          <>
            <em>Trust</em> → <em>When using this certificate</em> → <em>Always Trust</em>. Close the window and confirm.
          </>,
        ],
        remove: (
          <>
            In <em>Keychain Access</em>, find “{name}” and delete it.
          </>
        ),
      };
    case 'debian':
      return {
        trust: [
          <>
            Compare:{' '}
            <CopyField value={`openssl x509 -in ${file}.pem -noout -fingerprint -sha256`} label="the command" />
          </>,
          <>
            For the system, and programs such as curl:
            <CopyField
              value={`sudo cp ${file}.pem /usr/local/share/ca-certificates/sallyport.crt && sudo update-ca-certificates`}
              label="the command"
            />
          </>,
          <>
            For Chromium and Chrome, which have a list of their own (from the package <code>libnss3-tools</code>):
            <CopyField
              value={`certutil -d sql:$HOME/.local/share/pki/nssdb -A -t C,, -n sallyport -i ${file}.pem`}
              label="the command"
            />
            <span className="quiet small">In older versions the list is in sql:$HOME/.pki/nssdb.</span>
          </>,
        ],
        remove: (
          <>
            Delete <code>/usr/local/share/ca-certificates/sallyport.crt</code>, run{' '}
            <code>sudo update-ca-certificates --fresh</code>, and{' '}
            <code>certutil -d sql:$HOME/.local/share/pki/nssdb -D -n sallyport</code>.
          </>
        ),
      };
    case 'fedora':
      return {
        trust: [
          <>
            Compare:{' '}
            <CopyField value={`openssl x509 -in ${file}.pem -noout -fingerprint -sha256`} label="the command" />
          </>,
          <>
            Trust it in the whole system, browsers with it:
            <CopyField value={`sudo trust anchor --store ${file}.pem`} label="the command" />
          </>,
        ],
        remove: <CopyField value={`sudo trust anchor --remove ${file}.pem`} label="the command" />,
      };
    case 'firefox':
      return {
        trust: [
          <>
            <em>Settings</em> → <em>Privacy &amp; Security</em> → <em>Certificates</em> → <em>View Certificates…</em> →{' '}
            <em>Authorities</em> → <em>Import…</em>, and choose the file.
          </>,
          <>
            <em>View</em> shows the SHA-256 fingerprint. Compare it.
          </>,
          <>
            Tick <em>Trust this CA to identify websites</em>, nothing else.
          </>,
        ],
        remove: (
          <>
            In the same list, choose “{name}” → <em>Delete or Distrust…</em>
          </>
        ),
      };
    case 'android':
      return {
        trust: [
          <>
            <em>Settings</em> → <em>Security &amp; privacy</em> → <em>More</em> → <em>Encryption &amp; credentials</em>{' '}
            → <em>Install a certificate</em> → <em>CA certificate</em>. The names differ a little between makers.
          </>,
          <>
            Android warns that a certificate can see your traffic. This one can vouch for the names below only. Choose
            the file.
          </>,
          <>
            <em>Trusted credentials</em> → <em>User</em> → “{name}” shows the fingerprint. Compare it.
          </>,
        ],
        remove: (
          <>
            <em>Trusted credentials</em> → <em>User</em> → “{name}” → <em>Remove</em>.
          </>
        ),
      };
    case 'ios':
      return {
        trust: [
          <>
            Allow the download, then <em>Settings</em> → <em>Profile Downloaded</em> → <em>Install</em>. It says “Not
            Signed”: the fingerprint is what you check.
          </>,
          <>
            Under <em>More Details</em>, the certificate shows its SHA-256. Compare it.
          </>,
          <>
            <em>Settings</em> → <em>General</em> → <em>About</em> → <em>Certificate Trust Settings</em>: switch on “
            {name}”.
          </>,
        ],
        remove: (
          <>
            <em>Settings</em> → <em>General</em> → <em>VPN &amp; Device Management</em> → “{name}” →{' '}
            <em>Remove Profile</em>.
          </>
        ),
      };
  }
}
