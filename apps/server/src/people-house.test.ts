// What people, their keys and their policies may: one server for all of it.
import { after } from 'node:test';
import { openHouse, type House } from './house.fixture.ts';
import { accessRiskStory } from './stories/access-risk.fixture.ts';
import { inventoryStory } from './stories/inventory.fixture.ts';
import { narrowedKeysStory } from './stories/narrowed-keys.fixture.ts';
import { ownThingsStory } from './stories/own-things.fixture.ts';
import { policiesStory } from './stories/policies.fixture.ts';
import { sessionEndsStory } from './stories/session-ends.fixture.ts';
import { syslogStory } from './stories/syslog.fixture.ts';

// Stories one after the other in one house: each says what it needs of it, and takes back what would change another.
let opened: Promise<House> | undefined;
const house = (): Promise<House> => (opened ??= openHouse());
after(async () => (await opened)?.access.stop());

accessRiskStory(house);
syslogStory(house);
sessionEndsStory(house);
policiesStory(house);
narrowedKeysStory(house);
ownThingsStory(house);
inventoryStory(house);
