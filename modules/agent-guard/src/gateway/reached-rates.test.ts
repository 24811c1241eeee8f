import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { begin, openHouse, type House } from '../agent-guard.fixture.ts';
import { createRecordHappening } from '../hooks/record-happening.ts';
import { createReachedRates } from './reached-rates.ts';

const tenMinutesMs = 10 * 60_000;
const steps = { note: () => undefined };

/** What stands in the ledger of rates: which, whose server, how much. */
function recorded(house: House): string[] {
  return house.recorded().flatMap((event) => {
    const { metadata, unmapped } = event;
    if (!isJsonObject(metadata) || metadata['event_code'] !== 'agent.rate_reached') return [];
    const ours = isJsonObject(unmapped) && isJsonObject(unmapped['sallyport']) ? unmapped['sallyport']['agent'] : {};
    const { rate, server, refused, of = '' } = isJsonObject(ours) ? ours : {};
    return [`${String(rate)} ${String(server)} ${String(refused)} ${String(of)}`.trim()];
  });
}

forEachDatabase((name, open) => {
  test(`a rate that is reached is recorded at once, then as a sum, of each run by itself, on ${name}`, async () => {
    const house = await openHouse(open);
    const [first, second] = [await begin(house.guard), await begin(house.guard)];
    const record = createRecordHappening({ ...house, steps });
    const rates = createReachedRates({ clock: house.clock, sessions: house.guard.sessions, record });
    const told = { server: 'files', rate: 'tool_calls', refused: 1, of: 'tool send' } as const;
    await rates.told(first.session.id, told);
    // Names are words of whoever tells: a thousand servers are one sum.
    for (let at = 0; at < 1000; at += 1) await rates.told(first.session.id, { ...told, server: `made-up-${at}` });
    await rates.told(second.session.id, { server: 'files', rate: 'calls', refused: 3 });
    assert.deepEqual(recorded(house), ['tool_calls files 1 tool send', 'calls files 3']);
    await rates.tick();
    assert.equal(recorded(house).length, 2);
    house.clock.advance(tenMinutesMs);
    await rates.tick();
    assert.deepEqual(recorded(house).slice(2), ['tool_calls files 1000']);
    await rates.told(first.session.id, told);
    await rates.tick();
    assert.equal(recorded(house).length, 3);
    await rates.tick('all');
    assert.deepEqual(recorded(house).slice(3), ['tool_calls files 1']);
    await assert.rejects(rates.told('none', told), { code: 'agent_session_not_found' });
  });

  test(`what the ledger does not take is part of the next sum, of each run, on ${name}`, async () => {
    const house = await openHouse(open);
    const write = createRecordHappening({ ...house, steps });
    let failing = 0;
    const record: typeof write = async (...of) => {
      failing -= 1;
      if (failing >= 0) throw new Error('disk full');
      return write(...of);
    };
    const rates = createReachedRates({ clock: house.clock, sessions: house.guard.sessions, record });
    const runs = [await begin(house.guard), await begin(house.guard), await begin(house.guard)];
    const calls = { server: 'files', rate: 'calls', refused: 1 } as const;
    for (const { session } of runs) {
      await rates.told(session.id, calls);
      await rates.told(session.id, { ...calls, refused: 100 });
    }
    assert.equal(recorded(house).length, 3);
    house.clock.advance(tenMinutesMs);
    failing = 1;
    await assert.rejects(rates.tick(), /disk full/);
    assert.deepEqual(recorded(house).slice(3), ['calls files 100', 'calls files 100']);
    house.clock.advance(tenMinutesMs);
    await rates.tick();
    assert.deepEqual(recorded(house).slice(5), ['calls files 100']);
    // The first of all: who tells by the network tells it again, of definitions nobody does.
    const standing = await house.guard.sessions.standing(runs[0]?.session.id ?? '');
    failing = 2;
    await assert.rejects(rates.of(standing, { ...calls, rate: 'definitions', refused: 5 }), /disk full/);
    await assert.rejects(rates.told(standing.session.id, { ...calls, rate: 'tool_calls' }), /disk full/);
    await rates.tick('all');
    assert.deepEqual(recorded(house).slice(6), ['definitions files 5']);
  });

  test(`definitions that are held since too many came at once stand in the run, on ${name}`, async () => {
    const house = await openHouse(open);
    const { session } = await begin(house.guard);
    const server = { name: 'docs', transport: 'stdio', target: 'npx -y docs-server', protocol: '2025-11-25' } as const;
    const told = (from: number) => ({
      ...server,
      offers: { resource: Array.from({ length: 500 }, (_, at) => ({ uri: `ticket://${from + at}` })) },
    });
    for (let from = 0; recorded(house).length === 0; from += 500)
      await house.guard.toolServers.see({ sessionId: session.id, told: told(from) });
    const [one = ''] = recorded(house);
    assert.match(one, /^definitions docs [1-9]\d*$/);
    await house.guard.toolServers.see({ sessionId: session.id, told: told(50_000) });
    assert.equal(recorded(house).length, 1);
    // Whoever tells of the same again brought nothing more.
    for (let times = 0; times < 3; times += 1)
      await house.guard.toolServers.see({ sessionId: session.id, told: told(50_000) });
    house.clock.advance(tenMinutesMs);
    await house.guard.rates.tick();
    assert.deepEqual(recorded(house).slice(1), ['definitions docs 500']);
  });
});
