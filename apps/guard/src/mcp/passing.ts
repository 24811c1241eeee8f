import type { BringingMethod } from './calls.ts';
import type { Lettable } from './handshake.ts';

/** Passed on unjudged, to a server that is approved. Of their parameters the one that is named, and nothing else. */
export const passedOn: ReadonlyMap<string, { readonly field: string }> = new Map([
  ['resources/unsubscribe', { field: 'uri' }],
  ['logging/setLevel', { field: 'level' }],
]);
export const judgedMethods: readonly BringingMethod[] = [
  'resources/read',
  'resources/subscribe',
  'prompts/get',
  'completion/complete',
];
export const passedNotices: ReadonlySet<string> = new Set([
  'notifications/message',
  'notifications/resources/updated',
  'notifications/resources/list_changed',
  'notifications/prompts/list_changed',
  'notifications/tools/list_changed',
  'notifications/elicitation/complete',
]);
export const askable: ReadonlyMap<string, Lettable> = new Map([
  ['sampling/createMessage', 'sampling'],
  ['elicitation/create', 'elicitation'],
  ['roots/list', 'roots'],
]);
