import { useQuery } from '@tanstack/react-query';
import { CopyField } from '../../parts/copy-field.tsx';
import { httpsQuery } from '../settings/https/https-query.ts';

/** What to send with a link whose address a device trusts only after a step of its own. Nothing when it needs none. */
export function InvitationMessage({ link }: { readonly link: string }) {
  const { data: https } = useQuery(httpsQuery);
  if (https?.origin === null || https?.kind !== 'authority' || https.authority === null) return null;
  if (!link.startsWith(`${https.origin}/`)) return null;
  const message = `Your browser does not know our Sallyport server yet, and will warn you.
1. Open ${https.origin}/trust and follow the steps there.
2. Before you trust it, compare the SHA-256 fingerprint with this one, or call me to read it:
${https.authority.fingerprint_sha256}
3. Then open your invitation: ${link}`;
  return (
    <details className="fold">
      <summary>Their browser will warn: a message that says what to do</summary>
      <CopyField value={message} label="the message" />
    </details>
  );
}
