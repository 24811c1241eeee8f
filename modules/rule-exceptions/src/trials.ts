import { createHash } from 'node:crypto';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import { dayMs } from './exception.ts';
import type { ExceptionText, ExceptionVersion, Warning } from './exception.ts';
import { RuleExceptionError } from './errors.ts';
import { hiddenByRule } from './exception-store.ts';
import type { RuleExceptionNeeds } from './needs.ts';
import { tryText } from './trial.ts';
import type { HiddenFinding, TrialCounts } from './trial.ts';

export type Trial = {
  readonly id: string;
  readonly state: 'running' | 'done' | 'cancelled' | 'failed';
  /** Why it failed. */
  readonly reason: string | undefined;
  readonly days: number;
  /** Findings there are to look at. */
  readonly of: number;
  /** False: there were more findings than are looked at; these are the newest. */
  readonly isWhole: boolean;
  readonly counts: Readonly<TrialCounts>;
  readonly hidden: readonly HiddenFinding[];
  /** Matches of its rules that exceptions hid in these days: no findings, so it is not tried on them. */
  readonly hiddenBefore: number;
  readonly warnings: readonly Warning[];
};

export type Trials = {
  /** `text` must be sound. Throws `trials_full`. */
  start(text: ExceptionText, days: number, by: Principal): Promise<Trial>;
  /** Only whoever started it sees it. Throws `trial_not_found`. */
  get(id: string, by: Principal): Trial;
  cancel(id: string, by: Principal): Trial;
  /** What it came to, for a version with this text; undefined when it is of another text or did not end. Throws `trial_not_found`. */
  outcomeFor(id: string, text: ExceptionText, by: Principal): TrialOutcome | undefined;
  close(): Promise<void>;
};

export type TrialOutcome = {
  readonly promise: NonNullable<ExceptionVersion['trial']>;
  readonly warnings: readonly Warning[];
  readonly hidesOwn: boolean;
};

type Job = {
  -readonly [Name in keyof Trial]: Trial[Name];
} & { readonly owner: string; readonly text: string; readonly stop: AbortController; readonly startedMs: number };

const limits = { underWay: 2, ofCaller: 1, kept: 50, keptMs: 3_600_000 } as const;

/** Trials under way and those of the last hour, in memory. */
export function createTrials(needs: RuleExceptionNeeds): Trials {
  const jobs = new Map<string, Job>();
  const running = new Set<Promise<void>>();

  function forgetOld(): void {
    const nowMs = needs.clock.nowMs();
    for (const [id, job] of jobs) {
      const isOld = nowMs - job.startedMs > limits.keptMs || jobs.size > limits.kept;
      if (job.state !== 'running' && isOld) jobs.delete(id);
    }
  }

  function refuseTooMany(owner: string): void {
    const open = [...jobs.values()].filter(({ state }) => state === 'running');
    const own = open.filter((job) => job.owner === owner).length;
    if (open.length < limits.underWay && own < limits.ofCaller) return;
    throw new RuleExceptionError(
      'trials_full',
      `Cannot try it: ${own} trials of this caller and ${open.length} in all are under way, must be fewer than ${limits.ofCaller} and ${limits.underWay}`,
      { hint: 'wait for one of them, or cancel it' },
    );
  }

  async function carryOut(job: Job, text: ExceptionText, by: string): Promise<void> {
    const found: HiddenFinding[] = [];
    job.hidden = found;
    try {
      const sinceMs = needs.clock.nowMs() - job.days * dayMs;
      job.hiddenBefore = sumOf(await hiddenByRule(needs.database, sinceMs), text.rules);
      job.of = await needs.countFindings({ rules: text.rules, sinceMs });
      job.isWhole = await tryText(needs, { text, sinceMs, by, signal: job.stop.signal, counts: job.counts, found });
      job.state = job.stop.signal.aborted ? 'cancelled' : 'done';
    } catch (error) {
      job.state = job.stop.signal.aborted ? 'cancelled' : 'failed';
      job.reason = job.state === 'failed' ? (codeOf(error) ?? messageOf(error)) : undefined;
    }
    job.warnings = warningsOf(job.counts);
  }

  function of(id: string, by: Principal): Job {
    const job = jobs.get(id);
    if (job !== undefined && job.owner === ownerOf(by)) return job;
    throw new RuleExceptionError('trial_not_found', `Cannot find trial "${id}": it is not yours, or was forgotten`, {
      hint: 'trials are kept for an hour: try it again',
    });
  }

  return {
    async start(text, days, by) {
      forgetOld();
      const owner = ownerOf(by);
      refuseTooMany(owner);
      const job: Job = {
        id: Buffer.from(needs.random(12)).toString('hex'),
        state: 'running',
        reason: undefined,
        days,
        of: 0,
        isWhole: true,
        counts: {
          looked: 0,
          hidden: 0,
          hiddenAlerts: 0,
          hiddenAttacks: 0,
          hiddenCritical: 0,
          hiddenOwn: 0,
          gone: 0,
          changed: 0,
        },
        hidden: [],
        hiddenBefore: 0,
        warnings: [],
        owner,
        text: fingerprintOf(text),
        stop: new AbortController(),
        startedMs: needs.clock.nowMs(),
      };
      jobs.set(job.id, job);
      const done = carryOut(job, text, by.name).finally(() => running.delete(done));
      running.add(done);
      return { ...job };
    },
    get: (id, by) => ({ ...of(id, by) }),
    cancel(id, by) {
      const job = of(id, by);
      job.stop.abort();
      return { ...job };
    },
    outcomeFor(id, text, by) {
      const { state, counts, days, text: tried, warnings } = of(id, by);
      if (state !== 'done' || tried !== fingerprintOf(text)) return undefined;
      return { promise: { hidden: counts.hidden, of: counts.looked, days }, warnings, hidesOwn: counts.hiddenOwn > 0 };
    },
    async close() {
      for (const job of jobs.values()) job.stop.abort();
      await Promise.all(running);
    },
  };
}

function warningsOf({ hidden, looked, hiddenAttacks, hiddenCritical, hiddenOwn }: TrialCounts): Warning[] {
  return [
    ...(hiddenAttacks > 0 ? (['hides_attack'] as const) : []),
    ...(hiddenCritical > 0 ? (['hides_critical'] as const) : []),
    ...(hiddenOwn > 0 ? (['about_self'] as const) : []),
    ...(hidden > 0 && hidden === looked ? (['hides_all'] as const) : []),
  ];
}

function sumOf(hidden: ReadonlyMap<string, number>, rules: ExceptionText['rules']): number {
  const counts = rules === 'all' ? [...hidden.values()] : rules.map((id) => hidden.get(id) ?? 0);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** What decides which matches are hidden: name, reason and end may still change. */
function fingerprintOf({ rules, condition, host, user, site }: ExceptionText): string {
  const whole = [rules === 'all' ? 'all' : [...rules].toSorted(), condition, host, user, site];
  return createHash('sha256').update(JSON.stringify(whole)).digest('hex');
}

function ownerOf({ kind, id }: Principal): string {
  return `${kind}/${id}`;
}
