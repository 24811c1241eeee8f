import { useQuery } from '@tanstack/react-query';
import { httpsQuery } from '../settings/https/https-query.ts';

/** What to do first on a device whose browser does not know the authority of this server. Nothing where it does. */
export function TrustFirst({ link }: { readonly link: string }) {
  const { data: https } = useQuery(httpsQuery);
  if (https?.origin === null || https?.kind !== 'authority' || https.authority === null) return null;
  if (!link.startsWith(`${https.origin}/`)) return null;
  return (
    <p className="small">
      Its browser does not know this server yet: open <strong>{https.origin}/trust</strong> on the device first and
      follow the steps there. Without them it may not use its camera.
    </p>
  );
}
