import type { JsonObject } from '@sallyport/contracts';

/** What the model says in one turn: a call of a tool, or words, with which the harness has its answer. */
export type ModelTurn =
  | { readonly kind: 'call'; readonly tool: string; readonly input: JsonObject }
  | { readonly kind: 'words'; readonly text: string };

/** How an API is spoken. */
export type ModelWords = {
  readonly contentType: string;
  readonly body: string;
};
