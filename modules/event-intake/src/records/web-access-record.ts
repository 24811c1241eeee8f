import type { JsonObject } from '@sallyport/contracts';
import { parseWebAccess } from '@sallyport/log-formats/web-access';
import { isoTime, present } from './flat-record.ts';

/**
 * A line of an access log under Sigma's names for `webserver`. Rules look for paths in `cs-uri-query` too, where they were written
 * for servers that log the whole target there: it has both values.
 */
export function webAccessFields(text: string): JsonObject | undefined {
  const parsed = parseWebAccess(text);
  if (!parsed.ok) return undefined;
  const access = parsed.value;
  const target = access.target;
  const queryAt = target?.indexOf('?') ?? -1;
  const stem = queryAt === -1 ? target : target?.slice(0, queryAt);
  const query = queryAt === -1 ? undefined : target?.slice(queryAt + 1);
  return present({
    'c-ip': access.client,
    'cs-username': access.user,
    'cs-method': access.method,
    'cs-uri': target,
    'cs-uri-stem': stem,
    'cs-uri-query': target === undefined ? undefined : query === undefined ? [target] : [query, target],
    'cs-host': access.virtualHost,
    'cs-version': access.protocol,
    'sc-status': access.status,
    'sc-bytes': access.bytesSent,
    'cs-referer': access.referrer,
    'cs-user-agent': access.userAgent,
    request: access.request,
    rest: access.rest,
    time: isoTime(access.time.unixMs),
  });
}
