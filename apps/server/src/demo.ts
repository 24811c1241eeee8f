import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Scenario, ScenarioStep } from '@sallyport/content';
import { ocsfClass } from '@sallyport/contracts';
import type { EventIntake } from '@sallyport/event-intake';
import { auditEvent } from '@sallyport/ledger';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import type { Principal } from '@sallyport/platform/http';
import { ServerError } from './server-errors.ts';

export type DemoRun = {
  /** Playing it again with the same id changes nothing. */
  readonly run: string;
  readonly title: string;
  readonly events: number;
  /** How long it takes until the last event is sent; 0: all are in the ledger. */
  readonly durationMs: number;
};

/** How far a run is. */
export type DemoProgress = {
  readonly run: string;
  readonly sent: number;
  readonly events: number;
  readonly state: 'playing' | 'finished' | 'failed';
};

export type Demo = {
  /**
   * Sends a made-up break-in through the ordinary intake, as the source `demo-replay`: spread over its own pace after this resolves with the
   * first events in the ledger, or at once. Throws `ServerError` `demo_busy`, and what intake throws.
   */
  replay(request: { readonly run?: string; readonly atOnce: boolean; readonly actor: Principal }): Promise<DemoRun>;
  /** The runs that play, and the last few that did, since the server started; newest first. */
  runs(): readonly DemoProgress[];
  /** A key that may send as the source `my-machine`, for a short time. Throws `ServerError` `demo_keys_exhausted`. */
  createIngestKey(
    actor: Principal,
  ): Promise<{ readonly key: string; readonly source: string; readonly expiresAtMs: number }>;
  /** Gives up what is still playing. */
  close(): Promise<void>;
};

export type DemoNeeds = {
  readonly scenario: Scenario;
  readonly intake: Pick<EventIntake, 'accept'>;
  readonly createKey: (request: {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly source: string;
    readonly expiresAtMs: number;
    readonly by: Principal;
  }) => Promise<{ readonly token: { reveal(): string } }>;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  /** Resolves after `ms`, or at once when aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Log;
};

/** Two names: what is made up and what somebody sent themselves are never one source. */
const replaySource = 'demo-replay';
const ownSource = 'my-machine';
const maxRunning = 4;
const maxShownRuns = 8;
const keyLifetimeMs = 3_600_000;
/** Of all keys there can be, so that whoever tries things out leaves room for those that are needed. */
const maxLiveKeys = 50;

/** Everything it sends says of itself that it is synthetic, in the original and in the event. */
export function createDemo(needs: DemoNeeds): Demo {
  const { scenario, intake, clock } = needs;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let keyEndsMs: readonly number[] = [];
  let progress: readonly DemoProgress[] = [];
  const sender: Principal = {
    kind: 'operator',
    id: 'demo',
    name: 'demonstration',
    scopes: ['events:write'],
    source: replaySource,
  };
  const events = scenario.steps.length;

  function note(run: string, sent: number, state: DemoProgress['state']): void {
    progress = [{ run, sent, events, state }, ...progress.filter((one) => one.run !== run)].slice(0, maxShownRuns);
  }

  async function send(run: string, steps: readonly ScenarioStep[], firstStep: number): Promise<void> {
    const lines = steps.map((step) => JSON.stringify(timed(step, run, clock.nowMs())));
    await intake.accept({
      principal: sender,
      sequence: firstSequence(run) + firstStep,
      contentType: 'application/x-ndjson',
      contentEncoding: undefined,
      contentLength: undefined,
      body: Readable.from([Buffer.from(`${lines.join('\n')}\n`)]),
      signal: stopping.signal,
    });
  }

  async function play(run: string, from: number): Promise<void> {
    for (const [index, step] of scenario.steps.entries()) {
      if (index < from) continue;
      await needs.delay(step.afterMs - (scenario.steps[index - 1]?.afterMs ?? 0), stopping.signal);
      if (stopping.signal.aborted) return;
      await send(run, [step], index);
      note(run, index + 1, index + 1 === events ? 'finished' : 'playing');
    }
  }

  async function record(run: string, actor: Principal): Promise<void> {
    const event = auditEvent({
      nowMs: clock.nowMs(),
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      action: 'demo.replay',
      classUid: ocsfClass.entityManagement,
      activityId: 99,
      outcome: 'success',
      target: { type: 'scenario', id: scenario.id, name: scenario.title },
      details: { run, events },
    });
    await needs.database.transaction().execute((transaction) => needs.outbox.record(transaction, event));
    await needs.outbox.flushed();
  }

  return {
    async replay({ run = hex(needs.random(8)), atOnce, actor }) {
      if (running.size >= maxRunning) {
        throw new ServerError('demo_busy', `Cannot play the demonstration: ${running.size} are running`, {
          details: { retryAfterSeconds: 10 },
        });
      }
      // The place is taken before anything is awaited.
      const { promise, resolve } = Promise.withResolvers<void>();
      running.add(promise);
      const end = (): void => {
        running.delete(promise);
        resolve();
      };
      try {
        await record(run, actor);
        await send(run, atOnce ? scenario.steps : scenario.steps.slice(0, 1), 0);
        note(run, atOnce ? events : 1, atOnce ? 'finished' : 'playing');
      } catch (error) {
        end();
        throw error;
      }
      const durationMs = atOnce ? 0 : (scenario.steps.at(-1)?.afterMs ?? 0);
      if (atOnce) end();
      else {
        void play(run, 1)
          .catch((error: unknown) => {
            note(run, progress.find((one) => one.run === run)?.sent ?? 0, 'failed');
            needs.log.warn('A demonstration ended early', { run, ...errorFields(error) });
          })
          .finally(end);
      }
      return { run, title: scenario.title, events, durationMs };
    },
    runs: () => progress,
    async createIngestKey(actor) {
      const nowMs = clock.nowMs();
      keyEndsMs = keyEndsMs.filter((endMs) => endMs > nowMs);
      if (keyEndsMs.length >= maxLiveKeys)
        throw new ServerError(
          'demo_keys_exhausted',
          `Cannot make a key for trying out: there are ${keyEndsMs.length}, must be under ${maxLiveKeys}`,
          { details: { retryAfterSeconds: Math.ceil(((keyEndsMs[0] ?? nowMs) - nowMs) / 1000) } },
        );
      const expiresAtMs = nowMs + keyLifetimeMs;
      // The place is taken before anything is awaited.
      keyEndsMs = [...keyEndsMs, expiresAtMs];
      // Who may run the demonstration may send as its source. A key still gives no more than it has.
      const by = actor.kind === 'key' ? actor : { ...actor, scopes: [...new Set([...actor.scopes, 'events:write'])] };
      const { token } = await needs.createKey({
        name: 'Send your own (demonstration)',
        scopes: ['events:write'],
        source: ownSource,
        expiresAtMs,
        by,
      });
      return { key: token.reveal(), source: ownSource, expiresAtMs };
    },
    async close() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

function timed({ record }: ScenarioStep, run: string, nowMs: number): object {
  const time = new Date(nowMs).toISOString();
  return { ...record, '@timestamp': time, demo_run: run };
}

/** A range of sequences for each run: 2^44 ranges, so that two runs do not meet, of 256 events. */
function firstSequence(run: string): number {
  const hash = createHash('sha256').update(run).digest();
  return (hash.readUIntBE(0, 6) % 2 ** 44) * 256;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
