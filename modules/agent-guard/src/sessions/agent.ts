import { packNames } from '../decisions/pack-names.ts';
import type { Pack } from '../decisions/pack-names.ts';
import type { SessionMachine } from './machine.ts';

export type { Pack };

/** Programs that run an agent and ask before they act. `other`: whatever speaks the hooks of one of them. */
export const harnesses = ['claude-code', 'codex', 'gemini-cli', 'cursor', 'other'] as const;
export type Harness = (typeof harnesses)[number];

export function isPack(text: string): text is Pack {
  return packNames.some((pack) => pack === text);
}

/** Where people are asked about its calls: by its harness where that can, here otherwise; always here; or not at all, which is a no. */
export const approvalModes = ['auto', 'central', 'off'] as const;
export type ApprovalMode = (typeof approvalModes)[number];

export function isHarness(text: string): text is Harness {
  return harnesses.some((harness) => harness === text);
}

/** Who answers for an agent. */
export type Owner = { readonly kind: 'user' | 'service' | 'key'; readonly id: string };

export function isSameOwner(one: Owner, other: Owner): boolean {
  return one.kind === other.kind && one.id === other.id;
}

/** One agent of one owner, under the name they gave it: what it did on all its runs is found together. */
export type Agent = {
  readonly id: string;
  readonly owner: Owner;
  readonly name: string;
  readonly harness: Harness;
  readonly pack: Pack;
  readonly approvals: ApprovalMode;
  readonly createdAtMs: number;
  readonly seenAtMs: number;
};

/** What whoever starts a run says of it. Facts for policy and for people, as far as the owner is believed. */
export type SessionFacts = {
  /** Folder the agent works in, absolute. */
  readonly workspace?: string;
  readonly home?: string;
  readonly host?: string;
  readonly repository?: string;
  readonly branch?: string;
  readonly model?: { readonly name: string; readonly provider: string };
  readonly harnessVersion?: string;
  /** Somebody sits in front of it and can be asked. */
  readonly isAttended: boolean;
  /** Its conversation goes on from one that this run has not seen. */
  readonly isResumed?: true;
  readonly machine?: SessionMachine;
  /** Where it was started from, as the server saw it. */
  readonly address?: string;
};

export type SessionEnd = 'finished' | 'ended-by-hand' | 'stopped' | 'expired';

/** One run of an agent. */
export type AgentSession = {
  readonly id: string;
  readonly agentId: string;
  readonly owner: Owner;
  readonly facts: SessionFacts;
  readonly startedAtMs: number;
  readonly seenAtMs: number;
  /** Whatever happens, it is over then. */
  readonly endsAtMs: number;
  readonly ended?: { readonly atMs: number; readonly for: SessionEnd };
};
