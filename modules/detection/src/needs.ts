import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';
import type { Exceptions } from './exceptions.ts';
import type { RuleSource } from './match-protocol.ts';

/** Runs `task` every `intervalMs` until the returned function is called. */
export type Every = (intervalMs: number, task: () => void) => () => void;

/** A place where rule files lie; `name` stands for it wherever a file is shown. */
export type RuleDirectory = { readonly name: string; readonly path: string };

export type DetectionNeeds = {
  readonly ledger: Pick<Ledger, 'append' | 'head' | 'read'>;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly every: Every;
  readonly log?: Pick<Log, 'error'>;
  /** In the order of precedence: of two rules with one id the first is in force, the second refused. */
  readonly ruleDirectories: readonly RuleDirectory[];
  /** Rule files kept elsewhere, behind those of the directories in the order of precedence; read at start and with each reload. */
  readonly ruleSources?: () => Promise<readonly RuleSource[]>;
  /** What of the matches is to be hidden; nothing when left out. */
  readonly exceptions?: Exceptions;
  /** 32 secret bytes, the same at every start: values that correlations group by are kept as hashes under it. */
  readonly correlationKey: Uint8Array;
  readonly limits?: {
    /** One event may keep the matching thread this long (10 s); twice that ends in its being skipped. */
    readonly eventTimeLimitMs?: number;
    /** All rules must be loaded within this (120 s). */
    readonly loadTimeLimitMs?: number;
    /** Matches of one rule that are told one by one in an hour of ledger time (20,000). */
    readonly findingsPerHour?: number;
    /** Groups that correlations keep, in all (1,000,000; about 200 bytes each). */
    readonly correlationGroups?: number;
    /** Threads that match side by side (one less than there are cores, at most 4). */
    readonly matchingThreads?: number;
    /** Ranges that are saved each when they were scanned, before several are saved as one (10). */
    readonly rangesSavedAtOnce?: number;
    /** Heap of each matching thread (1024 MB). */
    readonly memoryLimitMb?: number;
  };
  /** The matching thread's entry; another one in tests. */
  readonly workerUrl?: URL;
};
