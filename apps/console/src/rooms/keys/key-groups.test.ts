import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hierarchyOf, shownCells, versionsOf } from './key-groups.ts';
import { groupNode, placePicture, providerNode, purposeNode } from './picture-layout.ts';
import type { Vault, VaultKey } from './vault-query.ts';

function key(changed: Partial<VaultKey> & Pick<VaultKey, 'id' | 'level'>): VaultKey {
  return {
    label: '',
    version: 1,
    state: 'active',
    algorithm: 'AES-256-GCM',
    createdAtMs: 1,
    epoch: 1,
    wrappedBy: '',
    wraps: 0,
    usedFor: '',
    history: [],
    changes: [],
    ...changed,
  };
}

const provider = { kind: 'tpm', unreachable: 'away', isUsed: true } as const;
const days = ['2026-11-21', '2026-11-20', '2026-11-22'].map((day) =>
  key({ id: day, level: 'data', purpose: 'block-data', label: `events/${day}`, wrappedBy: 'p2' }),
);
const vault: Pick<Vault, 'keys' | 'providers'> = {
  keys: [
    key({ id: 'epoch-1', level: 'epoch', state: 'retired', wrappedBy: 'sealed-file' }),
    key({ id: 'epoch-2', level: 'epoch', version: 2, wrappedBy: 'sealed-file, tpm' }),
    key({ id: 'p1', level: 'purpose', purpose: 'block-data', state: 'retired', wrappedBy: 'epoch-1' }),
    key({ id: 'p2', level: 'purpose', purpose: 'block-data', version: 2, wrappedBy: 'epoch-2' }),
    key({ id: 'p3', level: 'purpose', purpose: 'secret', wrappedBy: 'epoch-2' }),
    ...days,
    key({ id: 'audit', level: 'data', purpose: 'block-data', label: 'audit/2026-11-22', wrappedBy: 'p2' }),
    key({ id: 's', level: 'data', purpose: 'secret', label: 'outbox', wrappedBy: 'p3' }),
  ],
  providers: [{ ...provider, kind: 'sealed-file', isUsed: false }, provider],
};

test('classes of blocks are groups with their days in order, names of a purpose are one group', () => {
  const { purposes, epochs, providers } = hierarchyOf(vault);
  assert.deepEqual(
    purposes.map(({ purpose, newest, groups }) => [purpose, newest.id, groups.map(({ id }) => id)]),
    [
      ['block-data', 'p2', ['block-data/audit', 'block-data/events']],
      ['secret', 'p3', ['secret']],
    ],
  );
  assert.deepEqual(
    purposes[0]?.groups[1]?.keys.map(({ id }) => id),
    ['2026-11-20', '2026-11-21', '2026-11-22'],
  );
  assert.deepEqual(
    epochs.map(({ id }) => id),
    ['epoch-2', 'epoch-1'],
  );
  assert.equal(providers[0]?.kind, 'tpm');
});

test('of many epochs the newest are drawn, the rest is counted, and none is lost', () => {
  const many = Array.from({ length: 30 }, (_none, at) =>
    key({ id: `epoch-${at + 1}`, level: 'epoch', version: at + 1, state: at === 29 ? 'active' : 'destroyed' }),
  );
  const { epochs, olderEpochs } = hierarchyOf({ keys: many, providers: [] });
  assert.deepEqual([epochs.length, epochs[0]?.id, olderEpochs.length], [1, 'epoch-30', 29]);
});

test('versions of the same thing are found, the newest first', () => {
  const p1 = vault.keys.find(({ id }) => id === 'p1');
  assert.ok(p1 !== undefined);
  assert.deepEqual(
    versionsOf(vault.keys, p1).map(({ id }) => id),
    ['p2', 'p1'],
  );
});

test('where not every key has room, one that needs care is still shown, in its place', () => {
  const keys = Array.from({ length: 50 }, (_none, at) => ({
    at,
    state: at === 3 ? ('compromised' as const) : ('active' as const),
  }));
  assert.deepEqual(
    shownCells(keys, 4).map(({ at }) => at),
    [3, 47, 48, 49],
  );
  assert.equal(shownCells(keys, 100).length, 50);
  assert.equal(shownCells(keys, 1)[0]?.at, 3);
});

for (const width of [1100, 390, 280]) {
  test(`at ${width} pixels every node has a place of its own inside the picture, and current links are drawn`, () => {
    const hierarchy = hierarchyOf(vault);
    const { nodes, edges, height } = placePicture(hierarchy, width);
    const placed = [...nodes.values()];
    assert.equal(placed.length, 2 + 2 + 2 + 3);
    for (const node of placed) {
      assert.ok(node.left >= 0 && node.left + node.width <= width + 0.5, `${node.id} stands out`);
      assert.ok(node.top >= 0 && node.top + node.height <= height + 0.5, `${node.id} stands below`);
      for (const other of placed) {
        if (other.id === node.id) continue;
        const apart =
          node.left + node.width <= other.left ||
          other.left + other.width <= node.left ||
          node.top + node.height <= other.top ||
          other.top + other.height <= node.top;
        assert.ok(apart, `${node.id} lies over ${other.id}`);
      }
    }
    const drawn = new Set(edges.filter(({ isCurrent }) => isCurrent).map(({ from, to }) => `${from} ${to}`));
    for (const link of [
      `${providerNode('tpm')} epoch-2`,
      `epoch-2 ${purposeNode('secret')}`,
      `${purposeNode('block-data')} ${groupNode('block-data/events')}`,
    ])
      assert.ok(drawn.has(link), link);
  });
}
