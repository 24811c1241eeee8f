export type { JsonObject, JsonValue, OcsfEvent } from './event.ts';
export { builtInMappings, normalise } from './normalise.ts';
export { rawEvent } from './raw-event.ts';
export type { UnreadableText } from './raw-event.ts';
export { remap, remappedFrom } from './remap.ts';
export type { ShownBy } from './remap.ts';
