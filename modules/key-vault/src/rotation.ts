import { messageOf } from '@sallyport/platform/errors';
import { rotateEpoch } from './epoch-rotation.ts';
import { KeyVaultError } from './errors.ts';
import type { ByWhom, KeyLife } from './key-life.ts';
import type { KeyPurpose } from './key-record.ts';
import type { ProviderKind } from './key-provider.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { createReWrapping } from './re-wrapping.ts';
import type { VaultState } from './vault-state.ts';

/** What is to be replaced by something new. */
export type RotationRequest =
  /** New blocks of a class and day are sealed with a new key. */
  | { readonly level: 'data'; readonly purpose: 'block-data'; readonly label: string }
  /** A new purpose key, and what hangs under the former one re-wrapped. */
  | { readonly level: 'purpose'; readonly purpose: KeyPurpose }
  /** A new epoch with new purpose keys; also how the vault moves from one provider to another. */
  | {
      readonly level: 'epoch';
      readonly providers: readonly ProviderKind[];
      readonly without?: ReadonlySet<string>;
      /** Former epochs are to be destroyed, whoever is left out. */
      readonly condemns?: boolean;
    };

export type RotationProgress = {
  readonly level: RotationRequest['level'];
  readonly state: 'running' | 'done' | 'failed';
  /** Data keys re-wrapped, and how many there are to be. */
  readonly done: number;
  readonly total: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly error: string | undefined;
};

export type Rotations = {
  /** Resolves when the new keys are on the disk in both copies. Throws `rotation_running` while another is under way. */
  rotate(request: RotationRequest, who: ByWhom): Promise<void>;
  /** The rotation under way or the last one since the start. */
  progress(): RotationProgress | undefined;
};

/** Rotates in the background of everything else: keys are made and found while it runs. */
export function createRotations(needs: KeyVaultNeeds, state: VaultState, life: KeyLife): Rotations {
  let progress: RotationProgress | undefined;
  const moved = (done: number, total: number): void => {
    if (progress !== undefined) progress = { ...progress, done, total };
  };

  const rotatePurpose = async (purpose: KeyPurpose, { by, reason }: ByWhom): Promise<void> => {
    const event = { atMs: needs.clock.nowMs(), state: 'active' as const, by, reason };
    const former = state.newest('purpose', purpose, '');
    if (former === undefined)
      throw new KeyVaultError('vault_key_unknown', `Cannot rotate the key of purpose "${purpose}": there is none yet`);
    const moving = createReWrapping(state, {
      covers: (record) => record.purpose === purpose,
      event,
      random: needs.random,
    });
    await moving.prepare(needs.pause, (done) => moved(done, moving.total));
    const list = state.list();
    const { records, made } = moving.finish(list.records);
    const settled = records.map((record) =>
      record.level === 'purpose' && record.purpose === purpose && record.state === 'active'
        ? {
            ...record,
            state: 'retired' as const,
            history: [...record.history, { ...event, state: 'retired' as const }],
          }
        : record,
    );
    state.commit({ list: { ...list, records: [...settled, ...made] } });
  };

  const run = async (request: RotationRequest, who: ByWhom): Promise<void> => {
    switch (request.level) {
      case 'data': {
        if (life.inUse(request.purpose, request.label) === undefined)
          throw new KeyVaultError(
            'vault_key_unknown',
            `Cannot rotate "${request.label}": no key of that label is in use`,
          );
        life.make({ purpose: request.purpose, label: request.label }, who);
        return;
      }
      case 'purpose':
        return rotatePurpose(request.purpose, who);
      case 'epoch':
        return rotateEpoch(needs, state, {
          providers: request.providers,
          without: request.without ?? new Set(),
          condemns: request.condemns ?? (request.without?.size ?? 0) > 0,
          event: who,
          moved,
        });
    }
  };

  return {
    progress: () => progress,
    async rotate(request, who) {
      if (progress?.state === 'running')
        throw new KeyVaultError('rotation_running', 'Cannot rotate: another rotation is under way');
      const begun = { level: request.level, done: 0, total: 0, startedAtMs: needs.clock.nowMs() };
      progress = { ...begun, state: 'running', endedAtMs: undefined, error: undefined };
      try {
        await run(request, who);
        progress = { ...progress, state: 'done', endedAtMs: needs.clock.nowMs() };
      } catch (error) {
        progress = { ...progress, state: 'failed', endedAtMs: needs.clock.nowMs(), error: messageOf(error) };
        throw error;
      }
    },
  };
}
