import type { JsonValue } from '@sallyport/contracts';
import { reportWitnesses } from './witness-report.ts';
import { field, listField, numberField, textField } from './json-reading.ts';
import { counted, grouped } from './terminal.ts';

export type StatusReport = {
  /** What must be seen to: with any, the server is not well. */
  readonly problems: readonly string[];
  /** What somebody should look at before it becomes one. */
  readonly warnings: readonly string[];
  /** What is worth knowing and no fault. */
  readonly notes: readonly string[];
  /** Name and value, in the order to show them. */
  readonly lines: readonly (readonly [string, string])[];
};

/** So far behind, what is asked may not be there yet. */
const noticeableLag = 1000;
const soundStates: ReadonlySet<string> = new Set(['ok', 'healthy', 'running', 'ready', 'caught up', 'starting']);

/**
 * What the answer of `/v1/health` means, in words. What a server of another version does not tell is left out; what it
 * says of itself in `status` or `state` counts. Text is as the server gave it: not safe to print.
 */
export function reportStatus(health: JsonValue): StatusReport {
  const problems: string[] = [];
  const warnings: string[] = [];
  const notes: string[] = [];
  const lines: (readonly [string, string])[] = [];
  const word = textField(health, 'status') ?? textField(health, 'state');
  if (word !== undefined && !soundStates.has(word)) problems.push(`the server says "${word}"`);

  if (word === undefined && field(field(health, 'ledger'), 'up') === undefined)
    problems.push('the answer does not say how it is: is this a Sallyport server?');

  const [ledger, search, detection, alerts] = ['ledger', 'search', 'detection', 'alerts'].map((name) =>
    field(health, name),
  );
  if (field(ledger, 'up') === false)
    problems.push(`nothing is recorded: the ledger is down${reason(textField(ledger, 'error'))}`);
  else if (field(ledger, 'intake_allowed') === false)
    problems.push('no events are taken: the disk of the data directory is nearly full');
  const clockJump = field(ledger, 'clock_jump');
  if (clockJump !== undefined && clockJump !== null) notes.push('the clock of the server has jumped: see its log');
  const head = textField(health, 'head');
  if (head !== undefined) lines.push(['ledger', `next entry ${head}, ${upOrDown(ledger)}`]);

  const witnesses = reportWitnesses(field(health, 'witnesses'));
  problems.push(...witnesses.problems);
  warnings.push(...witnesses.warnings);
  lines.push(...witnesses.lines);

  const lag = numberField(search, 'lag') ?? 0;
  if (field(search, 'up') === false) problems.push(`search is down${reason(textField(search, 'error'))}`);
  if (lag > noticeableLag) notes.push(`search is ${grouped(lag)} entries behind`);
  const rows = numberField(search, 'rows');
  if (search !== undefined)
    lines.push(['search', `${rows === undefined ? '' : `${counted(rows, 'event')}, `}${behind(lag, search)}`]);

  const rules = numberField(detection, 'rulesLoaded');
  const refused = numberField(detection, 'rulesRefused') ?? 0;
  if (rules === 0) problems.push('nothing is detected: no rule is loaded');
  if (refused > 0) notes.push(`${counted(refused, 'rule')} refused: see Settings in the console, or GET /v1/rules`);
  const scanned = numberField(detection, 'eventsScanned');
  if (rules !== undefined) {
    const matches = counted(numberField(detection, 'matches') ?? 0, 'match', 'matches');
    const since = scanned === undefined ? '' : `, ${counted(scanned, 'event')} scanned since its start, ${matches}`;
    lines.push(['detection', `${counted(rules, 'rule')}${since}`]);
  }
  const created = numberField(alerts, 'created');
  if (created !== undefined)
    lines.push([
      'alerts',
      `${grouped(created)} made since its start, ${grouped(numberField(alerts, 'suppressed') ?? 0)} suppressed`,
    ]);

  for (const projection of listField(health, 'projections')) {
    const state = textField(projection, 'state');
    if (state !== undefined && !soundStates.has(state))
      problems.push(`"${textField(projection, 'name') ?? ''}" is ${state}${reason(textField(projection, 'error'))}`);
  }
  const https = field(health, 'https');
  const listener = textField(https, 'state');
  if (listener === 'failed') problems.push('the listener for other machines has failed: see Settings in the console');
  if (listener !== undefined)
    lines.push(['https', listener === 'off' ? 'off: this machine only, or as started' : listener]);
  for (const warning of listField(https, 'warnings').slice(0, 10)) notes.push(textField(warning, 'message') ?? '');

  const processes = field(health, 'processes');
  for (const name of ['sealer', 'store']) {
    if (field(field(processes, name), 'pid') === null) problems.push(`the process "${name}" does not run`);
  }
  const memory = numberField(field(processes, 'server'), 'memory_bytes');
  if (memory !== undefined) lines.push(['memory', `${grouped(memory / 1024 / 1024)} MB of the server process`]);
  return { problems, warnings, notes, lines };
}

function upOrDown(part: JsonValue | undefined): string {
  if (field(part, 'up') === false) return 'down';
  return field(part, 'intake_allowed') === false ? 'takes no events' : 'takes events';
}

function behind(lag: number, search: JsonValue): string {
  if (field(search, 'up') === false) return 'down';
  return lag === 0 ? 'caught up' : `${counted(lag, 'entry', 'entries')} behind`;
}

function reason(text: string | undefined): string {
  return text === undefined || text === '' ? '' : ` (${text})`;
}
