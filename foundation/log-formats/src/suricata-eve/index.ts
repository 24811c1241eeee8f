export { parseSuricataEve } from './suricata-eve.ts';
export type { SuricataEveEvent, SuricataEveRefusalCode } from './suricata-eve.ts';
