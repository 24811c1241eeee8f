import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import type { OffSite } from '../off-site.ts';
import { createDestructionCalls } from './destruction-calls.ts';
import { createDestructions } from './destructions.ts';

const vault = '0'.repeat(32);

const facts: OffSite['facts'] = { kind: 'directory', place: '/elsewhere', lock: 'none', notPromised: [] };

/** A sealer that wants the vault elsewhere, once. */
function courier(readBack: (name: string, bytes: Buffer) => Buffer) {
  const files = new Map<string, Buffer>();
  const told: string[] = [];
  const offSite: Pick<OffSite, 'store' | 'readBack'> = {
    async store(name, bytes) {
      files.set(name, Buffer.from(bytes));
      told.push(`store ${name}`);
      return { sha256: '', location: name, lockedUntilMs: undefined };
    },
    readBack: async (name) => readBack(name, files.get(name) ?? Buffer.alloc(0)),
  };
  const calls = createDestructionCalls(async (method, { head, payload }) => {
    if (method === 'destructions.export') return { head: { generation: 7, sha256: '' }, payload: Buffer.from('vault') };
    if (method !== 'destructions.step') return { head: {} };
    if (payload !== undefined) told.push(`exported ${String(head['location'])}`);
    const kind = payload === undefined ? 'export' : 'nothing';
    return { head: { kind, vault }, payload: Buffer.from('[]') };
  });
  const service = createDestructions({
    calls,
    certificates: { find: async () => undefined, remember: async () => undefined },
    offSite: () => ({ ...offSite, facts, list: unused }),
    vaultFiles: async () => [
      { name: `vault/${vault}/000000000007.vault`, bytes: Buffer.from('vault') },
      { name: `vault/${vault}/pages/a/1`, bytes: Buffer.from('rows') },
    ],
    witnessed: async () => ({ keys: [], needed: 0, checkpoint: undefined, size: 0, log: 1 }),
    prove: async () => '',
    deadline: () => new AbortController().signal,
    log: createLog({ write: () => undefined, level: 'error', clock: createManualClock(0) }),
  });
  return { service, told };
}

function unused(): never {
  throw new Error('not asked here');
}

test('pages of subjects’ keys lie elsewhere before the vault that needs them is said to', async () => {
  const { service, told } = courier((_, bytes) => bytes);
  await service.tick();
  const [page, file] = [`vault/${vault}/pages/a/1`, `vault/${vault}/000000000007.vault`];
  assert.deepEqual(told, [`store ${page}`, `store ${file}`, `exported ${file}`]);
});

test('a page that reads back otherwise than it was stored stops the destruction', async () => {
  const { service, told } = courier((name, bytes) => (name.includes('/pages/') ? Buffer.from('other') : bytes));
  await service.tick();
  assert.deepEqual(told, [`store vault/${vault}/pages/a/1`]);
});
