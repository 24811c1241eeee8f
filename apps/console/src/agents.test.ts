// What agents do, what they meet, what they ask people, and how people hear of it.
import { after, before, describe } from 'node:test';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';
import { agentApprovalsStory } from './testing/stories/agent-approvals.ts';
import { agentNoticesStory } from './testing/stories/agent-notices.ts';
import { agentsRoomStory } from './testing/stories/agents-room.ts';
import { toolServersStory } from './testing/stories/tool-servers.ts';

// Stories one after the other in one house, which take half the processor time of houses of their own: each says what it needs.
let room: RoomUnderTest;

before(async () => {
  room = await openRoom({ pictures: process.env['SALLYPORT_PICTURES'], permissions: ['notifications'] });
});
after(() => room.end());

describe('agents and their runs', () => agentsRoomStory(() => room));
describe('tool servers', () => toolServersStory(() => room));
describe('approvals', () => agentApprovalsStory(() => room));
describe('notices', () => agentNoticesStory(() => room));
