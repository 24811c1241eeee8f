import { createHash } from 'node:crypto';
import type { AgentVerdict, JsonObject } from '@sallyport/contracts';
import type { Pack } from './pack-names.ts';

export const ownLimits = {
  documents: 50,
  /** Of one document. */
  textBytes: 32 * 1024,
  allBytes: 256 * 1024,
  /** In all documents. */
  policies: 100,
  policyBytes: 8 * 1024,
  /** Brackets in brackets, and conditions in conditions. */
  depth: 24,
  /** Expressions in expressions. From 281 on the engine breaks while it decides. */
  expressions: 200,
  /** What Cedar looks at for one policy, and for all of one call: what a decision costs at most follows from it. */
  policyParts: 600,
  allParts: 2000,
  /** Of all documents: reading them is what the server does in one go, under a second of the slowest kind, when a version comes into force. */
  wholeParts: 10_000,
  tests: 50,
  inputBytes: 8 * 1024,
  name: 120,
  note: 1000,
  versions: 200,
} as const;

/** Whose calls a document is about. */
export type OwnScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'agent'; readonly id: string }
  /** Their agents, those of service accounts they answer for, and of keys they made. */
  | { readonly kind: 'person'; readonly id: string }
  /** As a run says of itself where it works: such a document can narrow alone. */
  | { readonly kind: 'repository'; readonly name: string };

/** A call, and what is expected to be said of it. */
export type OwnTest = {
  readonly name: string;
  readonly pack: Pack;
  /** What the person wrote. */
  readonly prompt: string;
  /** What of others came in before. */
  readonly read?: string;
  readonly tool: string;
  readonly input: JsonObject;
  readonly expect: AgentVerdict;
};

export type OwnText = {
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly scope: OwnScope;
  /** Cedar, against the schema of the packs. */
  readonly text: string;
  readonly tests: readonly OwnTest[];
};

export type OwnDraft = Omit<OwnText, 'id'>;

/** Who a run is, as far as scopes ask. */
export type OwnRun = {
  readonly agentId: string;
  readonly person?: string | undefined;
  readonly repository?: string | undefined;
};

/** Of name, scope, text and tests. */
export function draftHash({ name, scope, text, tests }: OwnDraft): string {
  return sha256([name, scopeKey(scope), text, tests.map(testParts)]);
}

/** Of everything in it: whoever agrees to it agrees to this. */
export function textsHash(texts: readonly OwnText[]): string {
  return sha256(texts.map((one) => [one.id, draftHash(one)]).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)));
}

export function scopeKey(scope: OwnScope): string {
  switch (scope.kind) {
    case 'all':
      return 'all';
    case 'agent':
    case 'person':
      return `${scope.kind}/${scope.id}`;
    case 'repository':
      return `repository/${repositoryName(scope.name)}`;
  }
}

/** Every scope that a run is in. */
export function scopesOf({ agentId, person, repository }: OwnRun): readonly string[] {
  const name = repository === undefined ? '' : repositoryName(repository);
  return [
    'all',
    `agent/${agentId}`,
    ...(person === undefined ? [] : [`person/${person}`]),
    ...(name === '' ? [] : [`repository/${name}`]),
  ];
}

/** The same for all addresses of one repository: `git@git.example:shop/web.git` and `https://git.example/shop/web` are `git.example/shop/web`. */
export function repositoryName(address: string): string {
  return address
    .trim()
    .slice(0, 1000)
    .replace(/^[a-z][a-z0-9+.-]{0,20}:\/\//i, '')
    .replace(/^[^@/\s]{0,200}@/, '')
    .replace(/^([^/:]{1,253}):(?:\d{1,5}\/)?\/{0,2}/, '$1/')
    .replace(/\/+$/, '')
    .replace(/\.git$/i, '')
    .toLowerCase();
}

function testParts({ name, pack, prompt, read, tool, input, expect }: OwnTest): unknown {
  return [name, pack, prompt, read ?? null, tool, input, expect];
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
