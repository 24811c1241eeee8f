// What is decided, found, kept and destroyed: policies, rules, ledger, devices, keys.
import { after, before, describe } from 'node:test';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';
import { devicesRoomStory } from './testing/stories/devices-room.ts';
import { keysAndRetentionStory } from './testing/stories/keys-and-retention.ts';
import { ledgerRoomStory } from './testing/stories/ledger-room.ts';
import { policyRoomStory } from './testing/stories/policy-room.ts';
import { ruleStudioStory } from './testing/stories/rule-studio.ts';

// Stories one after the other in one house, which take half the processor time of houses of their own: each says what it needs.
let room: RoomUnderTest;

before(async () => {
  room = await openRoom({
    pictures: process.env['SALLYPORT_PICTURES'],
    environment: { SALLYPORT_DESTRUCTION_WAIT_HOURS: '0' },
  });
});
after(() => room.end());

describe('policies', () => policyRoomStory(() => room));
describe('rules', () => ruleStudioStory(() => room));
describe('the ledger', () => ledgerRoomStory(() => room));
describe('devices', () => devicesRoomStory(() => room));
describe('keys and retention', () => keysAndRetentionStory(() => room));
