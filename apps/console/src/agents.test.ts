// What agents do, what they meet, what they ask people, and how people hear of it.
import { after } from 'node:test';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';
import { agentApprovalsStory } from './testing/stories/agent-approvals.ts';
import { agentNoticesStory } from './testing/stories/agent-notices.ts';
import { agentsRoomStory } from './testing/stories/agents-room.ts';
import { toolServersStory } from './testing/stories/tool-servers.ts';

// Stories one after the other in one house, which starts one server and one browser: each says what it needs.
let opened: Promise<RoomUnderTest> | undefined;
const house = (): Promise<RoomUnderTest> =>
  (opened ??= openRoom({ pictures: process.env['SALLYPORT_PICTURES'], permissions: ['notifications'] }));
after(async () => (await opened)?.end());

agentsRoomStory(house);
toolServersStory(house);
agentApprovalsStory(house);
agentNoticesStory(house);
