import type { MessagePort } from 'node:worker_threads';
import type { ExceptionRefusal, MatchException } from './match-exception.ts';
import type {
  EventCosts,
  EventOutcome,
  HostMessage,
  RuleRefusal,
  RuleSource,
  RuleSummary,
  ThreadMessage,
} from './match-protocol.ts';

/** Rules ready to be matched, inside the matching thread. */
export type RuleScanner = {
  readonly rules: readonly RuleSummary[];
  readonly refusals: readonly RuleRefusal[];
  /** `body` is UTF-8 JSON of an OCSF event. Never throws for its content. */
  scan(body: Uint8Array): EventOutcome;
  /** What rules cost since the last time, as far as it was measured. */
  takeCosts?(): EventCosts | undefined;
  /** Replaces the exceptions that matches are held against. */
  except(exceptions: readonly MatchException[]): readonly ExceptionRefusal[];
};

/** Told the ordinal of each source before it is read. */
export type LoadProgress = (ordinal: number) => void;

/** An event may match every rule: a reply ends with the event that brings it past this, so that no answer outgrows memory. */
const matchesPerReply = 1000;
/** What rules cost is told with the answer that brings the events since the last time past this. */
const eventsPerCosts = 4_096;

/**
 * The matching thread's side: loads once, then answers scans in order. Before each rule file, and before each event, its ordinal
 * is written to the shared progress cell, so that after a stall or a death the host knows which one was being looked at.
 */
export function serveMatches(
  port: MessagePort,
  createScanner: (sources: readonly RuleSource[], progress: LoadProgress) => RuleScanner,
): void {
  let scanner: RuleScanner | undefined;
  let progress: Int32Array | undefined;
  let sinceCosts = 0;
  const reply = (message: ThreadMessage): void => port.postMessage(message);

  port.on('message', (message: HostMessage) => {
    if (message.kind === 'load') {
      const cell = message.progress;
      progress = cell;
      scanner = createScanner(message.sources, (ordinal) => Atomics.store(cell, 0, ordinal));
      reply({ kind: 'loaded', rules: scanner.rules, refusals: scanner.refusals });
      return;
    }
    if (message.kind === 'except') {
      if (scanner === undefined) throw new TypeError('exceptions before load');
      reply({ kind: 'excepted', refusals: scanner.except(message.exceptions) });
      return;
    }
    if (scanner === undefined || progress === undefined) throw new TypeError('scan before load');
    const outcomes: EventOutcome[] = [];
    let matches = 0;
    let start = 0;
    for (const [ordinal, end] of message.ends.entries()) {
      Atomics.store(progress, 0, ordinal);
      const outcome = scanner.scan(message.packed.subarray(start, end));
      outcomes.push(outcome);
      start = end;
      matches += outcome.kind === 'scanned' ? outcome.matches.length : 0;
      if (matches >= matchesPerReply) break;
    }
    sinceCosts += outcomes.length;
    const costs = sinceCosts < eventsPerCosts ? undefined : scanner.takeCosts?.();
    if (costs !== undefined) sinceCosts = 0;
    reply({ kind: 'scanned', outcomes, ...(costs === undefined ? {} : { costs }) });
  });
}
