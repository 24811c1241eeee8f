// A matching thread that bodies and rule files can tell to misbehave; everything else is the real thing.
import { BroadcastChannel, parentPort } from 'node:worker_threads';
import { serveMatches } from './serve-matches.ts';

if (parentPort === null) throw new TypeError('this fixture runs as a worker thread only');

function obey(text: string): void {
  if (text === 'spin') {
    const channel = new BroadcastChannel('detection-spins');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel between threads has no origin
    channel.postMessage(text);
    for (;;);
  }
  if (text === 'exit') process.exit(7);
  if (text === 'throw') throw new Error('as told');
  if (text === 'hog') {
    const held: number[][] = [];
    for (;;) held.push(Array.from({ length: 100_000 }, (_, at) => at + 0.5));
  }
}

serveMatches(parentPort, (sources, progress) => {
  for (const [ordinal, { text }] of sources.entries()) {
    progress(ordinal);
    obey(text);
  }
  const rule = {
    id: 'every-event',
    title: 'Every event',
    level: 'low',
    tags: [],
    attacks: [],
    file: 'fixture',
    generates: true,
  } as const;
  return {
    rules: [rule],
    refusals: [],
    except(exceptions) {
      for (const { condition } of exceptions) obey(condition);
      return [];
    },
    scan(body) {
      const text = new TextDecoder().decode(body);
      obey(text);
      const matches = [{ ruleId: rule.id, matched: [{ field: 'text', value: text }] }];
      return { kind: 'scanned', matches, truncated: false, generation: 0, source: '' };
    },
  };
});
