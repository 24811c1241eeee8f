export type { JsonObject, JsonValue, OcsfEvent } from './event.ts';
export { normalise } from './normalise.ts';
export { rawEvent } from './raw-event.ts';
export type { UnreadableText } from './raw-event.ts';
