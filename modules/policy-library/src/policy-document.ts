import { createHash } from 'node:crypto';
import type { PolicyTest } from './policy-test.ts';

export const documentLimits = { documents: 100, textBytes: 64 * 1024, name: 120, note: 1000, tests: 100 } as const;

/** What a document says, wherever it is kept. */
export type PolicyText = {
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** Cedar. */
  readonly text: string;
  readonly tests: readonly PolicyTest[];
};

export type Author = {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Of a key or service account: the person who made it or answers for it, and so may have used it; `operator` for the operator. */
  readonly owner?: string;
};

/** Policies that somebody writes. What is in force is a version, which holds all documents as they were. */
export type PolicyDocument = PolicyText & {
  /** One more with every change. */
  readonly revision: number;
  readonly changedMs: number;
  readonly changedBy: Author;
  /** Everybody who changed it since it was last as it is in force. */
  readonly writers: readonly Author[];
  readonly hash: string;
};

/** Of name, text and tests. */
export function documentHash({ name, text, tests }: Omit<PolicyText, 'id'>): string {
  return createHash('sha256')
    .update(JSON.stringify([name, text, tests]))
    .digest('hex');
}

export function documentFile(id: string): string {
  return `own/${id}.cedar`;
}
