import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { CopyField } from '../../parts/copy-field.tsx';
import { httpsQuery } from '../settings/https/https-query.ts';

/** A fresh key, and one command that asks for it: so it stands neither in the shell's history nor in the list of processes. */
export function SendCommand({ apiKey, children }: { readonly apiKey: string; readonly children: ReactNode }) {
  const { data: https } = useQuery(httpsQuery);
  const others = https?.state === 'open' ? https.origin : null;
  const needsAuthority = others !== null && https?.kind === 'authority';
  const trust = needsAuthority ? '--cacert sallyport.pem ' : '';
  const command = `read -rs KEY && printf 'Authorization: Bearer %s' "$KEY" | curl ${trust}-H @- -H 'Content-Type: application/x-ndjson' --data-raw '{"message":"hello from my own machine"}' ${others ?? location.origin}/v1/events`;
  return (
    <div className="stack tight send-command">
      <p className="quiet">{children} Shown this once; revoke it in Settings.</p>
      <CopyField value={apiKey} label="the key" />
      <p className="quiet">
        {others === null
          ? 'In a terminal of this machine (others reach the server once HTTPS is open). '
          : 'In a terminal of any machine that reaches the server. '}
        {needsAuthority ? (
          <>
            It needs the certificate of the server’s authority beside it:{' '}
            <a href="/v1/authority.pem" download="sallyport.pem">
              sallyport.pem
            </a>
            .{' '}
          </>
        ) : null}
        It waits for the key: paste it, press Enter. Nothing is shown while you do, and it stays out of the shell’s
        history.
      </p>
      <CopyField value={command} label="the command" />
    </div>
  );
}
