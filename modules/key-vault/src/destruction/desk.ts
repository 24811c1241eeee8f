import { hash } from 'node:crypto';
import type { JsonObject } from '@sallyport/contracts';
import type { ByWhom } from '../key-life.ts';
import { requireSameMachine } from '../machine.ts';
import type { KeyVaultNeeds } from '../needs.ts';
import { readCopies, vaultFileName } from '../vault-copies.ts';
import type { VaultState } from '../vault-state.ts';
import { enrol, reinstate, withdraw } from './approvers.ts';
import type { ChangeAsked, OfferedPerson } from './approvers.ts';
import type { Assertion } from './assertion.ts';
import { certificateStatement } from './certificate.ts';
import type { DeskContext } from './desk-context.ts';
import { createEntrySender } from './entries.ts';
import { placeHold } from './holds.ts';
import type { HoldRequest } from './holds.ts';
import { isShorter } from './judging.ts';
import type { DestructionNeeds } from './needs.ts';
import { showHold, showIntent, showOverview } from './overview.ts';
import { cancel, lengthen, mustFind, propose } from './proposals.ts';
import type { IntentProposal } from './proposals.ts';
import { acceptRestore, replay } from './replay.ts';
import type { Replayed } from './replay.ts';
import { createRun } from './run.ts';
import type { StepInput, StepNeed } from './run-needs.ts';
import { createSetAside } from './set-aside.ts';
import type { DestructionOverview, ShownHold, ShownIntent } from './shown.ts';
import { sign } from './signing.ts';
import { refusal } from './store.ts';
import type { DestructionStore } from './store.ts';
import { createVouchings } from './vouchings.ts';

/** Everything about the destruction of keys, in the process that holds them. What it answers is in the ledger already. */
export type DestructionDesk = {
  overview(): DestructionOverview;
  propose(proposal: IntentProposal, by: string): Promise<ShownIntent>;
  sign(id: string, assertion: Assertion): Promise<ShownIntent>;
  cancel(id: string, asked: ByWhom): Promise<void>;
  placeHold(request: HoldRequest, by: string): Promise<ShownHold>;
  /** Answers with the proposal two people have to agree to; undefined while the first two people are taken as they come. */
  enrol(person: OfferedPerson, asked: ChangeAsked): Promise<ShownIntent | undefined>;
  withdraw(credentialId: string, asked: ChangeAsked): Promise<ShownIntent | undefined>;
  reinstate(credentialId: string, asked: ChangeAsked): Promise<ShownIntent>;
  /** Which witnesses there are, and a checkpoint they signed. Nothing of it is believed but what verifies. */
  hear(said: {
    readonly keys: readonly string[];
    readonly needed: number;
    readonly checkpoint: string | undefined;
  }): void;
  /** Carries out what is ready; called again and again, one call at a time. */
  step(input: StepInput): Promise<StepNeed>;
  /** Those a certificate can be made of, and how they ended. */
  certifiable(): readonly { readonly id: string; readonly stage: string }[];
  /** The vault's file as it is on the disk. */
  exportFile(): { readonly bytes: Buffer; readonly generation: number; readonly sha256: string };
  /** What the certificate says, and where in the ledger that stands. Throws `destruction_refused` while there is none. */
  certificate(id: string): {
    readonly statement: JsonObject;
    readonly entries: readonly { readonly log: number; readonly index: number }[];
  };
  destroyedKeys(): readonly {
    readonly id: string;
    readonly purpose: string;
    readonly label: string;
    readonly atMs: number;
  }[];
  /** Whether everything was put back and what happened since is still to be looked up. */
  isRestored(): boolean;
  /** When the ledger is open, and again with what was kept elsewhere; before anything is served. */
  replay(replayed: Replayed): Promise<void>;
  acceptRestore(asked: ByWhom): Promise<void>;
};

/** A crash loses no more than this of the time the vault was seen running. */
const tickWaitingMs = 10 * 60_000;
const tickIdleMs = 3_600_000;

export function createDestructionDesk(given: {
  readonly vault: KeyVaultNeeds;
  readonly needs: DestructionNeeds;
  readonly state: VaultState;
  readonly store: DestructionStore;
  readonly rotateWithout: (without: ReadonlySet<string>, who: ByWhom) => Promise<void>;
  readonly isRotating: () => boolean;
  readonly removed: (keyIds: readonly string[]) => void;
}): DestructionDesk {
  const { vault, needs, state, store } = given;
  const nowMs = (): number => vault.clock.nowMs();
  const vouchings = createVouchings({ vault: state.vault, store, records: needs.records, nowMs });
  const sender = createEntrySender(store, () => needs.records);
  const send = async (): Promise<void> => sender.send();
  const facts: DeskContext['facts'] = () => {
    const observedMs = Math.floor(store.observedMs());
    const section = store.get();
    return {
      vault: state.vault,
      section,
      records: state.list().records,
      evidence: vouchings.evidence({ atMs: nowMs(), observedMs }),
      observedMs,
      nowMs: nowMs(),
      rules: needs.rules,
    };
  };
  const context: DeskContext = { vault, needs, state, store, nowMs, facts, send };
  const run = createRun({
    vault,
    state,
    store,
    aside: createSetAside(vault, state),
    send,
    facts,
    rotateWithout: given.rotateWithout,
    requireSameMachine: () => requireSameMachine(vault, state),
    fenceOver: vouchings.fenceOver,
    removed: given.removed,
  });
  let stepping: Promise<StepNeed> | undefined;

  const shown = (id: string): ShownIntent => showIntent(context, mustFind(store.get(), id));
  const tick = (): void => {
    const { intents, approvers, observedMs } = store.get();
    const isWaiting =
      intents.some(({ stage }) => stage === 'proposed') || approvers.some(({ isFounder }) => !isFounder);
    if (store.observedMs() - observedMs >= (isWaiting ? tickWaitingMs : tickIdleMs)) store.update((section) => section);
  };

  return {
    overview: () => showOverview(context),
    async propose(proposal, by) {
      const { kind, policy } = proposal;
      const isLonger = kind === 'policy' && policy !== undefined && !isShorter(store.get(), policy);
      const { id } = isLonger ? lengthen(context, policy, proposal.reason, by) : propose(context, proposal, by);
      await send();
      return shown(id);
    },
    async sign(id, assertion) {
      sign(context, id, assertion);
      await send();
      return shown(id);
    },
    async cancel(id, asked) {
      cancel(context, id, asked);
      await send();
    },
    async placeHold(request, by) {
      const hold = placeHold(context, request, by);
      await send();
      return showHold(context, hold);
    },
    async enrol(person, asked) {
      const proposed = enrol(context, person, asked);
      await send();
      return proposed === undefined ? undefined : shown(proposed.id);
    },
    async withdraw(credentialId, asked) {
      const proposed = withdraw(context, credentialId, asked);
      await send();
      return proposed === undefined ? undefined : shown(proposed.id);
    },
    async reinstate(credentialId, asked) {
      const { id } = reinstate(context, credentialId, asked);
      await send();
      return shown(id);
    },
    hear: vouchings.hear,
    async step(input) {
      if (stepping !== undefined) return stepping;
      store.settle();
      // What was read back is good as long as nothing is written.
      if (input.exported === undefined) tick();
      if (given.isRotating()) return { kind: 'nothing' };
      stepping = run.step(input).finally(() => {
        stepping = undefined;
      });
      return stepping;
    },
    certifiable: () =>
      store.get().intents.flatMap(({ id, stage, statement }) => (statement === undefined ? [] : [{ id, stage }])),
    exportFile() {
      state.settle();
      const [bytes] = readCopies(vault, vaultFileName);
      if (bytes === undefined) throw refusal('Cannot export the vault: its file is gone');
      return { bytes, generation: state.header().generation, sha256: hash('sha256', bytes) };
    },
    certificate(id) {
      const intent = mustFind(store.get(), id);
      if (intent.statement === undefined)
        throw refusal(`Cannot certify destruction "${id}": it is ${intent.stage}`, laterWords(intent.stage));
      return {
        statement: certificateStatement(state.vault, intent, state.list().records),
        entries: intent.entries.flatMap(({ log, index }) =>
          log === undefined || index === undefined ? [] : [{ log, index }],
        ),
      };
    },
    destroyedKeys: () =>
      state
        .list()
        .records.flatMap(({ id, level, purpose, label, state: standing, history }) =>
          standing === 'destroyed' && level === 'data' && !isRecallable(id)
            ? [{ id, purpose, label, atMs: history.at(-1)?.atMs ?? 0 }]
            : [],
        ),
    isRestored: () => store.get().isRestored === true,
    async replay(replayed) {
      replay(context, replayed);
      await send();
    },
    async acceptRestore(asked) {
      acceptRestore(context, asked);
      await send();
    },
  };

  /** Left behind by the rotation, and not yet beyond recall. */
  function isRecallable(id: string): boolean {
    return store
      .get()
      .intents.some(({ stage, keyIds }) => (stage === 'rotated' || stage === 'begun') && keyIds.includes(id));
  }
}

function laterWords(stage: string): string {
  return stage === 'removed'
    ? 'the former master keys still stand: nothing more can be said before a copy of the vault is kept off this machine'
    : 'a certificate is made when the providers have said that the master keys are gone';
}
