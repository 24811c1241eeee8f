import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Position } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';
import { findOverwritten } from './resent-events.ts';

const bodyOf = (event: unknown): Buffer => Buffer.from(JSON.stringify(event));

test('sending again what was erased since is no conflict; another event under the same number is', async () => {
  const recorded = [
    { raw_data: '[erased]', message: '[erased]' },
    { class_uid: 3002, message: '[erased]' },
    { raw_data: 'for grace', message: '[erased]' },
  ];
  const events = recorded.map((event, index): LedgerEvent => ({
    position: { log: 1, index },
    receivedAtMs: 0,
    classUid: 0,
    body: bodyOf(event),
  }));
  const ledger = {
    read: async (from: Position) => ({ from, to: { log: 1, index: 3 }, events }),
  };
  const resent = ['for ada', 'for ada', 'for joan'].map((text, index) => ({
    sequence: index,
    position: { log: 1, index },
    body: bodyOf({ raw_data: text }),
  }));
  assert.equal((await findOverwritten(ledger, resent))?.sequence, 2);
  assert.equal(await findOverwritten(ledger, resent.slice(0, 2)), undefined);
});
