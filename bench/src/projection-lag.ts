import { setTimeout as wait } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { parsePosition } from '@sallyport/contracts';
import { objectOf, textOf } from './read-json.ts';
import type { RunningServer } from './running-server.ts';

/** How far each projection is behind the head, in entries, at one moment. */
export type LagSample = { readonly atSeconds: number; readonly lag: Readonly<Record<string, number>> };

async function sampleLag(server: RunningServer, startedMs: number): Promise<LagSample> {
  return { ...lagOf(await server.get('/v1/health')), atSeconds: (performance.now() - startedMs) / 1000 };
}

/** From the report of `/v1/health`. */
export function lagOf(health: JsonObject): { lag: Record<string, number> } {
  const head = indexOf(health['head']);
  const projections = Array.isArray(health['projections']) ? health['projections'].map(objectOf) : [];
  return {
    lag: Object.fromEntries(
      projections.map((projection) => [textOf(projection['name']), Math.max(0, head - indexOf(projection['cursor']))]),
    ),
  };
}

/** Samples until stopped. */
export function watchLag(server: RunningServer, everyMs: number): { stop(): Promise<readonly LagSample[]> } {
  const samples: LagSample[] = [];
  const started = performance.now();
  let stopped = false;
  const watch = async (): Promise<void> => {
    while (!stopped) {
      samples.push(await sampleLag(server, started));
      await wait(everyMs);
    }
  };
  const watching = watch();
  return {
    async stop() {
      stopped = true;
      await watching;
      return samples;
    },
  };
}

/**
 * Waits until every projection has caught up, at most `limitSeconds`. Gives, for each, entries a second while it had a
 * backlog to work off: what it can sustain when nothing else comes in.
 */
export async function drain(
  server: RunningServer,
  limitSeconds: number,
): Promise<{ drained: boolean; seconds: number; perSecond: Record<string, number> }> {
  const started = performance.now();
  const first = await sampleLag(server, started);
  const perSecond: Record<string, number> = {};
  let last = first;
  const note = (sample: LagSample): void => {
    for (const [name, lag] of Object.entries(sample.lag)) {
      const begun = first.lag[name] ?? 0;
      const before = last.lag[name] ?? 0;
      // The time to the last sample with a backlog: in the one that shows none, the work may have ended at any moment.
      if (before > 0 && begun > lag) perSecond[name] = (begun - lag) / (sample.atSeconds - first.atSeconds);
    }
    last = sample;
  };
  while (last.atSeconds < limitSeconds) {
    await wait(200);
    note(await sampleLag(server, started));
    if (Object.values(last.lag).every((lag) => lag === 0)) break;
  }
  return { drained: Object.values(last.lag).every((lag) => lag === 0), seconds: last.atSeconds, perSecond };
}

function indexOf(value: JsonValue | undefined): number {
  return parsePosition(textOf(value))?.index ?? 0;
}
