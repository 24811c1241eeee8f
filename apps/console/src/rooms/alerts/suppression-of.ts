import type { Answer } from '../../api/call.ts';
import type { AlertDetails } from '../../api/queries.ts';

type Suppression = Answer<'GET /v1/suppressions'>['suppressions'][number];

/** The one in force that holds back more findings like this alert's; the one that lasts longest of several. */
export function suppressionOf(
  alert: Pick<AlertDetails, 'rule_id' | 'host' | 'user' | 'matched'>,
  suppressions: readonly Suppression[],
  nowMs: number,
): Suppression | undefined {
  const endMs = ({ until }: Suppression): number => (until === null ? Infinity : Date.parse(until));
  return suppressions
    .filter(
      (one) =>
        one.rule_id === alert.rule_id &&
        endMs(one) > nowMs &&
        (one.host === null || isSame(one.host, alert.host)) &&
        (one.user === null || isSame(one.user, alert.user)) &&
        (one.field === null || hasField(alert, one.field)),
    )
    .toSorted((a, b) => (endMs(a) < endMs(b) ? 1 : endMs(a) > endMs(b) ? -1 : 0))[0];
}

function hasField({ matched }: Pick<AlertDetails, 'matched'>, wanted: { name: string; value: string }): boolean {
  return matched.some(({ field, value }) => field === wanted.name && isSame(wanted.value, value));
}

/** As the server compares them. */
function isSame(wanted: string, found: string | undefined): boolean {
  return found !== undefined && wanted.toLowerCase() === found.toLowerCase();
}
