import type { JsonObject } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import type { RuleMatch } from '@sallyport/sigma-rules';
import type { Command } from 'commander';
import { setImmediate } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import { isJsonObject, parseJsonStrictly } from '../json-reading.ts';
import { loadRules, readPlaceholders, type LoadedRules } from '../load-rules.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress, type Progress } from '../progress.ts';
import { createScanCorrelations, type ScanCorrelations, type ScannedCorrelation } from '../scan-correlations.ts';
import { createRuleEvaluator, type EvaluatorName, type RuleEvaluator } from '../rule-evaluators.ts';
import { readRecords, type FileRecord } from '../read-events/read-records.ts';
import { counted, grouped, jsonLine, levelLabel, plainText, shortText, styled, type TextOutput } from '../terminal.ts';
import { oneOf } from './option-values.ts';

type Options = {
  rules: string[];
  events: string[];
  format: string;
  placeholders?: string;
  oracle?: boolean;
  compare?: boolean;
};
type Counts = {
  events: number;
  unparseable: number;
  matches: number;
  matchedEvents: number;
  failedFiles: number;
  differing: number;
};

/** So many unparseable events of one file are named; the rest are counted. */
const maxNamed = 10;
/** The matcher does not yield; between so many events the terminal and Ctrl-C get their turn. */
const eventsPerTurn = 64;

export function addSigmaCommands(program: Command, needs: CliNeeds): void {
  program
    .command('sigma')
    .description('Sigma rules, offline')
    .command('scan')
    .description('print which rules match which events; no server is involved')
    .requiredOption('--rules <dir...>', 'directories or files with Sigma rules')
    .requiredOption('--events <file...>', 'NDJSON, JSON, CloudTrail documents, Windows event logs, zip or gzip of them')
    .option('--format <format>', 'text, or json: one line per match', oneOf('text', 'json'), 'text')
    .option('--placeholders <file>', 'values for rules with the modifier expand: JSON, {"name": ["value"]}')
    .option(
      '--oracle',
      'evaluate every rule against every event, without the index: slow, the measure for the fast way',
    )
    .option('--compare', 'evaluate both ways and fail where they differ')
    .action((options: Options) => scan(options, needs));
}

async function scan(options: Options, needs: CliNeeds): Promise<void> {
  const { stderr, clock, signal } = needs;
  const placeholders = options.placeholders === undefined ? undefined : await readPlaceholders(options.placeholders);
  const loaded = await loadRules(options.rules, placeholders, signal);
  for (const { file, line, reason } of loaded.refusals)
    stderr.write(`refused ${plainText(file)}:${line}: ${plainText(reason)}\n`);
  if (loaded.rules.length === 0) {
    throw new CliError(
      'no_rules',
      `Cannot scan: no rule in ${options.rules.map((path) => `"${path}"`).join(', ')} was loaded, ${loaded.refusals.length} refused`,
      {
        hint: 'name a directory that holds Sigma rules (.yml)',
      },
    );
  }
  const evaluator = evaluatorOf(options);
  const preparedAtMs = clock.monotonicMs();
  const matcher = createRuleEvaluator(evaluator, loaded.rules);
  const preparingMs = clock.monotonicMs() - preparedAtMs;
  const progress = createProgress(stderr, clock);
  const counts: Counts = { events: 0, unparseable: 0, matches: 0, matchedEvents: 0, failedFiles: 0, differing: 0 };
  const startedAtMs = clock.monotonicMs();
  const correlations = createScanCorrelations(loaded.correlations);
  for (const file of options.events) {
    await scanFile({ file, format: options.format, matcher, correlations, progress, counts, needs });
  }
  progress.clear();
  const cameTrue = correlations.evaluate();
  for (const found of cameTrue) needs.stdout.write(correlationLine(found, options.format, needs.stdout));
  await needs.stdout.drained();
  const seconds = (clock.monotonicMs() - startedAtMs) / 1000;
  summarise(loaded, counts, { files: options.events.length, seconds, stderr });
  stderr.write(`evaluated: ${evaluatorWords[evaluator]}, ready in ${(preparingMs / 1000).toFixed(2)} s\n`);
  if (loaded.correlations.length > 0) summariseCorrelations(loaded, correlations, cameTrue.length, stderr);
  if (counts.differing > 0) {
    throw new CliError(
      'not_verified',
      `Cannot verify the fast evaluation: ${counted(counts.differing, 'event')} came out otherwise than by full scan`,
      { hint: 'report the lines above with their events: the full scan is right' },
    );
  }
  if (counts.failedFiles > 0) {
    throw new CliError(
      'incomplete',
      `Cannot call this complete: ${counted(counts.failedFiles, 'input')} could not be read`,
      {
        hint: 'see the lines above',
      },
    );
  }
}

function evaluatorOf({ oracle, compare }: Options): EvaluatorName {
  if (compare === true) return 'both';
  return oracle === true ? 'full-scan' : 'indexed';
}

const evaluatorWords: Readonly<Record<EvaluatorName, string>> = {
  indexed: 'with the index',
  'full-scan': 'by full scan',
  both: 'with the index and by full scan, compared',
};

type FileScan = {
  readonly file: string;
  readonly format: string;
  readonly matcher: RuleEvaluator;
  readonly correlations: ScanCorrelations;
  readonly progress: Progress;
  readonly counts: Counts;
  readonly needs: CliNeeds;
};

async function scanFile(scan: FileScan): Promise<void> {
  const { file, progress, counts, needs } = scan;
  const { stdout, stderr, signal } = needs;
  let share = 0;
  const unparseableBefore = counts.unparseable;
  const onUnreadable = (error: CliError): void => {
    progress.clear();
    stderr.write(`${plainText(error.message)}\n${error.hint === undefined ? '' : `hint: ${plainText(error.hint)}\n`}`);
    counts.failedFiles += 1;
  };
  try {
    const onProgress = (now: number): void => void (share = now);
    for await (const records of readRecords(file, { signal, onProgress, onUnreadable })) {
      for (const [turn, record] of records.entries()) {
        if (turn % eventsPerTurn === 0) {
          progress.show(share, `${file}  ${grouped(counts.events)} events, ${grouped(counts.matches)} matches`);
          await setImmediate();
          signal.throwIfAborted();
        }
        scanRecord(record, scan, counts.unparseable - unparseableBefore < maxNamed);
      }
      await stdout.drained();
    }
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    onUnreadable(error);
  }
  const unnamed = counts.unparseable - unparseableBefore - maxNamed;
  if (unnamed > 0) stderr.write(`${plainText(file)}: ${grouped(unnamed)} more events left out\n`);
}

function scanRecord(
  record: FileRecord,
  { file, format, matcher, correlations, progress, counts, needs }: FileScan,
  name: boolean,
): void {
  const { stdout, stderr } = needs;
  counts.events += 1;
  const event = parseRecord(record);
  if (typeof event === 'string') {
    counts.unparseable += 1;
    if (!name) return;
    progress.clear();
    stderr.write(`${plainText(file)}: event ${record.index} left out: ${plainText(event)}\n`);
    return;
  }
  const matches = matcher.match(event);
  const difference = matcher.difference();
  if (difference !== undefined) {
    counts.differing += 1;
    progress.clear();
    stderr.write(`${plainText(file)}: event ${record.index} differs: ${plainText(JSON.stringify(difference))}\n`);
  }
  if (matches.length === 0) return;
  counts.matchedEvents += 1;
  counts.matches += matches.length;
  // A bar on the same terminal must not stand in the way of the line.
  if (stdout.isTerminal) progress.clear();
  const place = { file, index: record.index };
  correlations.add(event, matches, place);
  for (const match of matches) {
    if (correlations.silenced.has(match.rule.id)) continue;
    stdout.write(format === 'json' ? jsonMatch(match, place) : textMatch(match, place, stdout));
  }
}

/** The event, or why there is none. */
function parseRecord(record: FileRecord): JsonObject | string {
  if (record.kind === 'oversize') return `it has ${record.sizeBytes} bytes`;
  if (record.kind === 'broken') return record.reason;
  try {
    const value = parseJsonStrictly(record.bytes.toString());
    return isJsonObject(value) ? value : 'not a JSON object';
  } catch (error) {
    return `not JSON: ${shortText(messageOf(error), 120)}`;
  }
}

type Place = { readonly file: string; readonly index: number };

function jsonMatch({ rule }: RuleMatch, { file, index }: Place): string {
  return `${jsonLine({ rule: rule.id, file, event: index })}\n`;
}

function textMatch({ rule, matched }: RuleMatch, { file, index }: Place, stdout: TextOutput): string {
  const fields = matched
    .slice(0, 3)
    .map(({ field, value }) => `${shortText(field, 40)}=${shortText(String(value), 80)}`);
  const title = shortText(rule.title, 100);
  return `${levelLabel(stdout, rule.level ?? 'none')} ${title}  ${plainText(file)} event ${index}  ${styled(stdout, 'dim', fields.join('  '))}\n`;
}

/** `event` and `file` are those of the newest event; `events` are all it rests on. */
function correlationLine(
  { correlation, fields, places }: ScannedCorrelation,
  format: string,
  stdout: TextOutput,
): string {
  const newest = places.at(-1) ?? { file: '', index: 0 };
  if (format === 'json') {
    const events = places.map(({ file, index }) => ({ file, event: index }));
    return `${jsonLine({ rule: correlation.id, file: newest.file, event: newest.index, events })}\n`;
  }
  const group = fields.slice(0, 3).map(({ field, value }) => `${shortText(field, 40)}=${shortText(value, 80)}`);
  const where = `${counted(places.length, 'event')} up to ${plainText(newest.file)} event ${newest.index}`;
  return `${levelLabel(stdout, correlation.level ?? 'none')} ${shortText(correlation.title, 100)}  ${where}  ${styled(stdout, 'dim', group.join('  '))}\n`;
}

function summariseCorrelations(
  loaded: LoadedRules,
  correlations: ScanCorrelations,
  cameTrue: number,
  stderr: TextOutput,
): void {
  stderr.write(`correlations: ${grouped(loaded.correlations.length)} loaded, came true ${counted(cameTrue, 'time')}\n`);
  if (correlations.timeless() > 0) {
    stderr.write(
      `${counted(correlations.timeless(), 'match', 'matches')} left out of correlations: the event states no time\n`,
    );
  }
  if (correlations.dropped() > 0) {
    stderr.write(
      `${counted(correlations.dropped(), 'match', 'matches')} left out of correlations: more than are kept in order\n`,
    );
  }
}

function summarise(
  loaded: LoadedRules,
  counts: Counts,
  { files, seconds, stderr }: { files: number; seconds: number; stderr: TextOutput },
): void {
  const left = counts.unparseable > 0 ? `, ${grouped(counts.unparseable)} of them left out as unparseable` : '';
  stderr.write(
    `rules: ${grouped(loaded.rules.length)} loaded, ${grouped(loaded.refusals.length)} refused, from ${counted(loaded.files, 'file')}\n`,
  );
  stderr.write(`events: ${grouped(counts.events)} from ${counted(files, 'file')}${left}\n`);
  stderr.write(`matches: ${grouped(counts.matches)} in ${counted(counts.matchedEvents, 'event')}\n`);
  stderr.write(`time: ${seconds.toFixed(1)} s, ${grouped(counts.events / Math.max(seconds, 0.001))} events/s\n`);
}
