import type { AgentRate, AgentTaskChange, JsonObject } from '@sallyport/contracts';
import type { OfferDefinition, ToolDefinition } from '@sallyport/tool-pins';
import type { SignInEvent } from './sign-in/sign-in-events.ts';

/** Lists of what a server offers beside tools; one is missing where nobody asked for it. */
type Offers = Readonly<Partial<Record<'prompt' | 'resource' | 'resource_template', readonly OfferDefinition[]>>>;

/** A server, as it introduced itself, or a part of that. What is missing was not asked for, and says nothing of what was told before. */
export type ServerWords = {
  readonly name: string;
  readonly transport: 'stdio' | 'http';
  readonly target: string;
  readonly protocol: string;
  readonly serverInfo: JsonObject;
  readonly tools?: readonly ToolDefinition[];
  readonly offers?: Offers;
  readonly instructions?: OfferDefinition;
};

/** What may be used of it. What is not named here may not be. */
export type Told = {
  readonly isApproved: boolean;
  /** Said without whoever decides: to be asked again before the next call. */
  readonly isProvisional?: true;
  /** Why not, for the person at the harness. */
  readonly reason: string;
  readonly tools: ReadonlyMap<string, Verdict>;
  /** By `keyOf`. `isNew`: nobody ever decided about it. */
  readonly offers?: ReadonlyMap<string, Verdict & { readonly isNew?: true }>;
};
type Verdict = { readonly isLet: boolean; readonly reason: string };

export type GatedCall = {
  readonly id: string;
  /** `question`: what the server asks of the client; `answer`: what the client says to it. */
  readonly kind: 'tool' | 'resource' | 'prompt' | 'question' | 'answer';
  readonly name: string;
  readonly digest?: string;
  readonly input: JsonObject;
};

/**
 * Who says what may pass. Nothing here rejects: what cannot be decided is a no with its reason, unless the organisation said that calls
 * may go on meanwhile.
 */
export type Gate = {
  tell(server: ServerWords): Promise<Told>;
  /** `input`: what is sent instead, where the client was given a token for what it may not see. */
  judge(
    call: GatedCall,
    signal: AbortSignal,
  ): Promise<{ readonly isLet: boolean; readonly reason: string; readonly input?: JsonObject }>;
  /**
   * What came back is told before the client has it. `withheld`: why the client may not have it; `result`: what it has instead. `task`:
   * under which the client asked for it, where the call went on as one.
   */
  finished(
    call: GatedCall,
    back: {
      readonly result: JsonObject;
      readonly isSuccess: boolean;
      readonly durationMs: number;
      readonly task?: string;
    },
  ): Promise<{ readonly withheld?: string; readonly result?: JsonObject; readonly isOver?: true }>;
  /**
   * A call goes on as a task, its server says something of it, or it brings nothing any more. `words`: what the client has instead;
   * `isUnasked`: nobody judged the call, and it is on record as such; `isUnheard`: nobody heard this.
   */
  task(
    call: GatedCall,
    told: {
      readonly task: string;
      readonly change: AgentTaskChange;
      readonly words?: JsonObject;
      readonly reason?: string;
    },
  ): Promise<{
    readonly withheld?: string;
    readonly words?: JsonObject;
    readonly isOver?: true;
    readonly isUnasked?: true;
    readonly isUnheard?: true;
  }>;
  /** Why tasks of this server may not go on, or (`over`) nothing of this run. Undefined where nobody can be asked. */
  standing(): Promise<{ readonly over?: string; readonly held?: string } | undefined>;
  /** Sign-ins to remote servers, put on record. False where that cannot be and it may go on all the same; rejects where it may not. */
  signIns(events: readonly SignInEvent[]): Promise<boolean>;
  /** Calls that were refused because they came faster than they may, so that nobody was asked. False where that cannot be told now. */
  reached(rate: {
    readonly rate: Exclude<AgentRate, 'definitions'>;
    readonly refused: number;
    readonly of?: string;
  }): Promise<boolean>;
  close(): Promise<void>;
};
