import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { begin, openHouse } from '../agent-guard.fixture.ts';
import { createSignIns } from './sign-ins.ts';

forEachDatabase((name, open) => {
  test(`sign-ins to tool servers stand in the ledger as what the run told, on ${name}`, async () => {
    const house = await openHouse(open);
    const { session } = await begin(house.guard);
    const signIns = createSignIns({ ...house, sessions: house.guard.sessions });
    const about = { server: 'https://notes.example/mcp', issuer: 'https://login.example', scopes: ['notes:read'] };
    await signIns.told({
      sessionId: session.id,
      events: [
        { ...about, change: 'signed_in', atMs: 1, name: 'notes' },
        { ...about, change: 'refresh_failed', atMs: 2, reason: 'invalid_grant' },
      ],
    });
    const told = house.recorded().filter((event) => JSON.stringify(event).includes('agent.server_sign_in'));
    const facts = told.map(({ unmapped, status_id: status }) => {
      const ours = isJsonObject(unmapped) && isJsonObject(unmapped['sallyport']) ? unmapped['sallyport']['agent'] : {};
      const { server, change, at_ms: atMs, address, issuer, reason } = isJsonObject(ours) ? ours : {};
      return { status, server, change, atMs, address, issuer, reason };
    });
    const { server: address, issuer } = about;
    assert.deepEqual(facts, [
      { status: 1, server: 'notes', change: 'signed_in', atMs: 1, address, issuer, reason: undefined },
      {
        status: 2,
        server: 'notes.example',
        change: 'refresh_failed',
        atMs: 2,
        address,
        issuer,
        reason: 'invalid_grant',
      },
    ]);
  });

  test(`sign-ins of a run nobody knows are nobody’s, on ${name}`, async () => {
    const house = await openHouse(open);
    const signIns = createSignIns({ ...house, sessions: house.guard.sessions });
    await assert.rejects(signIns.told({ sessionId: 'none', events: [] }), { code: 'agent_session_not_found' });
    assert.deepEqual(house.recorded(), []);
  });
});
