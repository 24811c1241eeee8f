import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rulesDirectory } from '@sallyport/content';

/** A bundled rule, and an event it matches as the rule's own test has it. */
export type MatchedRule = { readonly id: string; readonly event: Readonly<Record<string, unknown>> };

export function readMatchedRule(file: string): MatchedRule {
  const id = /^id: (\S+)$/m.exec(readFileSync(join(rulesDirectory, file), 'utf8'))?.[1];
  const tests: { positive: Record<string, unknown>[] } = JSON.parse(
    readFileSync(join(rulesDirectory, file.replace(/\.yml$/, '.test.json')), 'utf8'),
  );
  const event = tests.positive[0];
  if (id === undefined || event === undefined) throw new Error(`"${file}" has no id or no positive event`);
  return { id, event };
}

export const scriptletRule = 'windows/defense-evasion/regsvr32-scriptlet.yml';

/**
 * One line of NDJSON that can be told from all others, and matches `rule` when given: of a machine of its own, so that its finding is
 * an alert of its own, unless it is said to be of another.
 */
export function markedLine(marker: string, rule?: MatchedRule, computer = `pc-${marker.replaceAll('.', '')}`): string {
  const event =
    rule === undefined
      ? { message: 'ordinary work', host: 'web-1', size: 1234 }
      : { ...rule.event, Computer: computer };
  return JSON.stringify({ ...event, Marker: marker });
}

/** The marker of a line as it was received. */
export function markerOf(raw: string | undefined): string | undefined {
  return raw === undefined ? undefined : /"Marker":"([^"]+)"/.exec(raw)?.[1];
}
