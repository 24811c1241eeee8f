import { textOf } from '@sallyport/contracts';
import type { Beat } from './beat.ts';
import { readBeat } from './beat.ts';
import { announce, tell, tellOnce, tellTampered } from './draft.ts';
import type { Draft } from './draft.ts';
import { markOf } from './signature.ts';
import type { CollectorState } from './sensor-state.ts';

/** Two beats this far apart, by the sensor's own clock, with nothing said about it: it did not run in between. */
const pausedAfterMs = 45_000;
/** A beat that came this long after it was made waited for the server to be reached. */
const lateAfterMs = 90_000;
/** A batch and its way take no longer. */
const inTimeMs = 15_000;
export const slowFactorToTell = 4;
const stuckAfterBeats = 3;

/** Takes a trusted beat: what it says about the sensor, and what it says about the beats before. */
export function judgeBeat(draft: Draft): void {
  const { state, record } = draft;
  const beat = readBeat(record.line);
  const before = state.figures;
  const pauseMs = record.timeMs - (state.run?.timeMs ?? record.timeMs);
  judgeChain(draft, beat, pauseMs);
  state.run = {
    started: beat.started,
    beat: beat.beat,
    mark: markOf(textOf(record.line['signature'])),
    bootId: beat.bootId,
    timeMs: record.timeMs,
  };
  if (before !== undefined && beat.lost > before.lost)
    tell(
      draft,
      'sensor.losing',
      'losing',
      `${beat.lost - before.lost} records were lost before they reached the server`,
    );
  if (beat.slowFactor >= slowFactorToTell && (before?.slowFactor ?? 1) < slowFactorToTell)
    tell(draft, 'sensor.slowed', 'slowed', `It polls ${beat.slowFactor} times less often, to spare its host`);
  const delayMs = record.receivedAtMs - record.timeMs - (beat.clockOffsetMs ?? 0);
  // A beat that itself had to wait says nothing but that the server was not reached.
  const isStuck =
    before !== undefined && delayMs < inTimeMs && beat.waiting > before.waiting && beat.sent <= before.sent;
  state.stuckBeats = isStuck ? state.stuckBeats + 1 : 0;
  if (state.stuckBeats === stuckAfterBeats)
    tell(draft, 'sensor.slowed', 'stuck', `${beat.waiting} records wait, and none is sent`);
  state.figures = {
    cpuPercent: beat.cpuPercent,
    rssBytes: beat.rssBytes,
    waiting: beat.waiting,
    sent: beat.sent,
    spoolBytes: beat.spoolBytes,
    lost: beat.lost,
    slowFactor: beat.slowFactor,
    ...(beat.clockOffsetMs === undefined ? {} : { clockOffsetMs: beat.clockOffsetMs }),
  };
  noteCollectors(draft, beat);
  state.isCatchingUp = delayMs > lateAfterMs;
  state.lastBeatMs = record.receivedAtMs;
  if (!state.isCatchingUp) endAbsence(draft, beat, pauseMs);
}

function judgeChain(draft: Draft, beat: Beat, pauseMs: number): void {
  const { state } = draft;
  const { run } = state;
  if (run === undefined) return;
  const isSameRun = run.started === beat.started;
  const missing = beat.beat - (isSameRun ? run.beat + 1 : 1);
  // Beats that the spool had to drop are counted there, and those nobody would have heard in the beat itself.
  const explained = Math.max(0, beat.lost - (state.figures?.lost ?? 0));
  if (missing > explained)
    tellTampered(draft, 'beats_missing', `${missing - explained} heartbeats before number ${beat.beat} never came`);
  else if (isSameRun && (missing < 0 || (missing === 0 && beat.previous !== run.mark)))
    tellTampered(
      draft,
      'chain_broken',
      `Heartbeat ${beat.beat} does not follow the one before: two sensors have the same key`,
    );
  if (!isSameRun) {
    const why = run.bootId !== '' && beat.bootId !== run.bootId ? 'Its host was started anew' : 'It was started anew';
    const wasAbsent = state.end !== undefined;
    if (!wasAbsent)
      tell(
        draft,
        'sensor.restarted',
        why === 'It was started anew' ? 'restarted' : 'host_restarted',
        `${why} without having said goodbye; nothing was watched for up to ${Math.max(0, Math.round(pauseMs / 1000))} s`,
      );
    return;
  }
  // A silence that was told is explained when it is over.
  if (state.end === undefined && isPause(pauseMs, beat) && missing === 0)
    tell(draft, 'sensor.slowed', 'paused', pauseText(pauseMs));
}

export function pauseText(pauseMs: number): string {
  return `It did not run for ${Math.round(pauseMs / 1000)} s, and its host did`;
}

function isPause(pauseMs: number, beat: Beat): boolean {
  return pauseMs > pausedAfterMs && beat.skipped === 0;
}

/** Heard again, and nothing that waited is left to come: says what the silence was. */
function endAbsence(draft: Draft, beat: Beat, pauseMs: number): void {
  const { state, record } = draft;
  const { end } = state;
  if (end === undefined) return;
  delete state.end;
  const absentS = Math.round((record.receivedAtMs - end.sinceMs) / 1000);
  const lost = beat.lost - end.lost;
  const wasStarted = Date.parse(beat.started) + (beat.clockOffsetMs ?? 0) > end.sinceMs;
  if (end.kind === 'stopped') return announce(draft, 'sensor.recovered', 'stopped', `It was stopped for ${absentS} s`);
  if (wasStarted) return announce(draft, 'sensor.recovered', 'was_down', `It was not running for ${absentS} s`);
  if (isPause(pauseMs, beat)) return announce(draft, 'sensor.recovered', 'was_frozen', pauseText(pauseMs));
  const kept = lost > 0 ? `${lost} records were lost` : 'nothing was lost';
  return announce(
    draft,
    'sensor.recovered',
    'was_offline',
    `It was offline for ${absentS} s, and went on watching; ${kept}`,
  );
}

function noteCollectors(draft: Draft, beat: Beat): void {
  const { state } = draft;
  const known = state.collectors;
  state.collectors = Object.fromEntries(
    beat.collectors.map((one): [string, CollectorState] => {
      const { problem: _problem, lastReadMs: _lastReadMs, ...said } = collectorNamed(known, one.name) ?? emptyCollector;
      return [
        one.name,
        {
          ...said,
          records: one.records,
          failures: one.failures,
          ...(one.lastReadMs === undefined ? {} : { lastReadMs: one.lastReadMs }),
          ...(one.problem === '' ? {} : { problem: one.problem }),
        },
      ];
    }),
  );
  for (const { name, problem } of beat.collectors)
    if (problem !== '') tellBlind(draft, name, { before: collectorNamed(known, name)?.problem, problem });
  const running = new Set(beat.collectors.map(({ name }) => name));
  const isReplaced = (name: string): boolean => signInLogs.has(name) && !signInLogs.isDisjointFrom(running);
  for (const name of Object.keys(known))
    if (!running.has(name) && !isReplaced(name))
      tell(draft, 'sensor.blinded', `off:${name}`, `The collector "${name}" was switched off`);
}

/** Of these a sensor reads the one that there is. */
const signInLogs = new Set(['journal', 'auth-log']);

/** Another problem than before is told as well: a harmless one must not hide the next. */
export function tellBlind(
  draft: Draft,
  name: string,
  { before, problem }: { readonly before: string | undefined; readonly problem: string },
): void {
  const kind = kindOfProblem(problem);
  if (before !== undefined && kindOfProblem(before) === kind) return;
  const text = `The collector "${name}" does not see: ${problem}`;
  tellOnce(draft, { event: 'sensor.blinded', code: `blind:${name}`, text }, `blind:${name} ${kind}`);
}

/** Counts in the words change all the time. */
function kindOfProblem(problem: string): string {
  return markOf(problem.replaceAll(/\d+/g, '#')).slice(0, 8);
}

/** Names are a sensor's words: some of them every object has. */
export function collectorNamed(
  collectors: Readonly<Record<string, CollectorState>>,
  name: string,
): CollectorState | undefined {
  return Object.hasOwn(collectors, name) ? collectors[name] : undefined;
}

export const emptyCollector: CollectorState = { records: 0, failures: 0 };
