// What is decided, found, kept and destroyed: policies, rules, ledger, devices, keys.
import { after } from 'node:test';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';
import { devicesRoomStory } from './testing/stories/devices-room.ts';
import { keysAndRetentionStory } from './testing/stories/keys-and-retention.ts';
import { ledgerRoomStory } from './testing/stories/ledger-room.ts';
import { policyRoomStory } from './testing/stories/policy-room.ts';
import { ruleStudioStory } from './testing/stories/rule-studio.ts';

// Stories one after the other in one house, which starts one server and one browser: each says what it needs.
let opened: Promise<RoomUnderTest> | undefined;
const house = (): Promise<RoomUnderTest> =>
  (opened ??= openRoom({
    pictures: process.env['SALLYPORT_PICTURES'],
    environment: { SALLYPORT_DESTRUCTION_WAIT_HOURS: '0' },
  }));
after(async () => (await opened)?.end());

policyRoomStory(house);
ruleStudioStory(house);
ledgerRoomStory(house);
devicesRoomStory(house);
keysAndRetentionStory(house);
