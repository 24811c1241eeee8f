import type { JsonValue } from '@sallyport/contracts';
import { field, listField, numberField, textField } from './json-reading.ts';
import { counted, grouped } from './terminal.ts';

const maxNamed = 10;
const where = 'see sallyport ledger witnesses';
const said: Readonly<Record<string, string>> = {
  away: 'does not answer',
  unknown_log: 'was not given the key of the log',
  wrong: 'gives answers that do not verify',
  refusing: 'REFUSES: it says it has seen more of this log, or another history',
};
/** Not to be waited for: somebody lies, or the log is not the one it was. */
const grave: ReadonlySet<string> = new Set(['wrong', 'refusing']);

/** What `witnesses` in the answer of `/v1/health` means; nothing of a server that does not tell. */
export function reportWitnesses(witnesses: JsonValue | undefined): {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly lines: readonly (readonly [string, string])[];
} {
  const problems: string[] = [];
  const warnings: string[] = [];
  if (textField(witnesses, 'signing') === 'held')
    problems.push(`the log is not signed: too few witnesses vouched for it; ${where}`);
  if (field(witnesses, 'tail_too_old') === true)
    problems.push(`the witnesses have not seen the log for too long; ${where}`);
  const troubled = listField(witnesses, 'troubled');
  for (const witness of troubled.slice(0, maxNamed)) {
    const state = textField(witness, 'state') ?? '';
    const words = `witness "${textField(witness, 'name') ?? ''}" ${said[state] ?? 'does not cosign'}; ${where}`;
    (grave.has(state) ? problems : warnings).push(words);
  }
  if (troubled.length > maxNamed) warnings.push(`${troubled.length - maxNamed} more witnesses do not cosign; ${where}`);

  const watching = numberField(witnesses, 'configured');
  if (watching === undefined) return { problems, warnings, lines: [] };
  const seen = counted(numberField(witnesses, 'witnessed_entries') ?? 0, 'entry', 'entries');
  const ageSeconds = numberField(witnesses, 'tail_age_seconds') ?? 0;
  const tail = ageSeconds === 0 ? '' : `, the next one not for ${grouped(ageSeconds)} s`;
  const answering = troubled.length === 0 ? '' : `, ${grouped(troubled.length)} of them in trouble`;
  const text = `${counted(watching, 'witness', 'witnesses')}${answering}, ${seen} seen${tail}`;
  return { problems, warnings, lines: [['witnesses', watching === 0 ? 'none' : text]] };
}
