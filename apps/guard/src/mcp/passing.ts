import type { JsonObject } from '@sallyport/contracts';
import type { BringingMethod } from './calls.ts';
import type { Lettable } from './handshake.ts';

/**
 * Passed on unjudged, of a server that is approved; without a word of it the answer to a list is empty. Of their parameters the one that is
 * named, and nothing else.
 */
export const passedOn: ReadonlyMap<string, { readonly kind: 'list' | 'plain'; readonly field: string }> = new Map([
  ['resources/list', { kind: 'list', field: 'cursor' }],
  ['resources/templates/list', { kind: 'list', field: 'cursor' }],
  ['prompts/list', { kind: 'list', field: 'cursor' }],
  ['resources/unsubscribe', { kind: 'plain', field: 'uri' }],
  ['logging/setLevel', { kind: 'plain', field: 'level' }],
]);
export const judgedMethods: readonly BringingMethod[] = [
  'resources/read',
  'resources/subscribe',
  'prompts/get',
  'completion/complete',
];
export const emptyLists: Readonly<Record<string, JsonObject>> = {
  'resources/list': { resources: [] },
  'resources/templates/list': { resourceTemplates: [] },
  'prompts/list': { prompts: [] },
};
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
