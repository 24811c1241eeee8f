// Who comes in, how, and what they may: programs, rules of sign-in, providers, requests, sites, accounts and sessions.
import { after } from 'node:test';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';
import { boundSessionStory } from './testing/stories/bound-session.ts';
import { machinesRoomStory } from './testing/stories/machines-room.ts';
import { narrowedRightsStory } from './testing/stories/narrowed-rights.ts';
import { ownAccountStory } from './testing/stories/own-account.ts';
import { requestsPageStory } from './testing/stories/requests-page.ts';
import { rolesAtSitesStory } from './testing/stories/roles-at-sites.ts';
import { signInProviderStory } from './testing/stories/sign-in-provider.ts';
import { signInRulesStory } from './testing/stories/sign-in-rules.ts';
import { signInsAndRiskStory } from './testing/stories/sign-ins-and-risk.ts';

// Stories one after the other in one house, which starts one server and one browser: each says what it needs.
let opened: Promise<RoomUnderTest> | undefined;
const house = (): Promise<RoomUnderTest> => (opened ??= openRoom({ pictures: process.env['SALLYPORT_PICTURES'] }));
after(async () => (await opened)?.end());

machinesRoomStory(house);
signInRulesStory(house);
rolesAtSitesStory(house);
requestsPageStory(house);
narrowedRightsStory(house);
signInProviderStory(house);
ownAccountStory(house);
signInsAndRiskStory(house);
boundSessionStory(house);
