import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Notice } from '../../parts/notice.tsx';

const healthQuery = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => call('GET /v1/health', { signal }),
  refetchInterval: 60_000,
});

/** What is wrong with how others reach this server, before they find out. Nothing when all is well or it cannot be told. */
export function HttpsWarnings({ me }: { readonly me: Me }) {
  const { data } = useQuery(healthQuery);
  const warnings = data?.https.warnings ?? [];
  return warnings.map(({ code, message }) => (
    <Notice key={code} tone="warn" title={message}>
      {may(me, 'settings:manage') ? (
        <p>
          <Link href="/settings">HTTPS for others, in the settings</Link>
        </p>
      ) : null}
    </Notice>
  ));
}
