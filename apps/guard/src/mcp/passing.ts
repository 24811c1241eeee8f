import type { JsonObject } from '@sallyport/contracts';
import type { Lettable } from './handshake.ts';

/** Passed on as they are, of a server that is approved; without a word of it the answer to a list is empty. */
export const passedOn: ReadonlyMap<string, 'list' | 'plain'> = new Map([
  ['resources/list', 'list'],
  ['resources/templates/list', 'list'],
  ['prompts/list', 'list'],
  ['resources/subscribe', 'plain'],
  ['resources/unsubscribe', 'plain'],
  ['completion/complete', 'plain'],
  ['logging/setLevel', 'plain'],
]);
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
