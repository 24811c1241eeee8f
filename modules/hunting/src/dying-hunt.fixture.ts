// A hunt with correlations, in a process that may be killed at any place and goes on when it is started again.
// Arguments: directory, number or name of the place to die at (0: none).
import { createPass } from '@sallyport/testing/dying-process';
import { analyst, openHunts, ruleText, until } from './hunting.fixture.ts';

const correlation = (id: string, condition: string): string =>
  `---\ntitle: ${id}\nid: ${id}\ncorrelation:\n  type: event_count\n  rules: [seen]\n  group-by: [Computer]\n  timespan: 1m\n  condition: ${condition}\n`;
const text = `${ruleText('seen', 'mshta')}${correlation('often', '{ gte: 3 }')}${correlation('seldom', '{ lte: 2 }')}`;

/** What the hunt found, and what the ledger says of it; `places`: how many this process came by. */
async function hunted(directory: string, dieAt: number | string) {
  const { pass, places } = createPass(dieAt);
  const { store, ledger, outbox, start, nowMs, close } = await openHunts(
    Array.from({ length: 40 }, () => 'mshta.exe'),
    directory,
    pass,
  );
  const startMs = nowMs();
  store.longest = 7;
  store.rows = store.rows.map((row, at) => ({
    ...row,
    receivedAtMs: startMs + 500_000 + at,
    body: JSON.stringify({
      ...JSON.parse(row.body),
      Computer: `pc-${at % 3}`,
      claimedMs: startMs + 500_000 - at * 9_000,
    }),
  }));
  const hunting = start();
  const [known] = await hunting.list(analyst);
  const { id } = known ?? (await hunting.start({ rules: { kind: 'typed', text }, filter: {}, by: analyst }));
  const { hunt, rules } = await until(
    () => hunting.get(id, analyst),
    (found) => found.hunt.endedMs !== undefined,
  );
  const { state, reason, lookedAt, candidates, uncounted } = hunt;
  const [matches, groups, all] = [
    await hunting.matches(id, { limit: 1000 }, analyst),
    await hunting.groups(id, { limit: 1000 }, analyst),
    await hunting.list(analyst),
  ];
  await hunting.close();
  await outbox.flushed();
  const audit = ledger.events().map(({ body }) => {
    const { metadata }: { metadata: { event_code: string } } = JSON.parse(new TextDecoder().decode(body));
    return metadata.event_code;
  });
  await close();
  return {
    found: { hunts: all.length, state, reason, lookedAt, candidates, uncounted, rules, matches, groups, audit },
    places: places.length,
  };
}

const [directory = '', dieAt = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await hunted(directory, /^\d+$/.test(dieAt) ? Number(dieAt) : dieAt)));
