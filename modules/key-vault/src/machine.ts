import { hash } from 'node:crypto';
import { KeyVaultError } from './errors.ts';
import type { KeyVaultNeeds } from './needs.ts';
import type { VaultState } from './vault-state.ts';

type MachineNeeds = Pick<KeyVaultNeeds, 'machine'>;

/**
 * A clone of this machine has the same files and often the same access to the provider: one that rotated or destroyed would
 * take the master key that the original and all backups still need. It opens and reads, and no more.
 * Throws `machine_changed`. Where machines cannot be told apart, nothing is refused.
 */
export function requireSameMachine(needs: MachineNeeds, state: VaultState): void {
  const { machine } = state.list();
  if (machine === undefined || needs.machine === undefined || machine === fingerprint(state.vault, needs.machine))
    return;
  throw new KeyVaultError('machine_changed', 'Cannot rotate or destroy here: this vault belongs to another machine', {
    hint: 'if this machine is its successor and the other one is off, start once with --after-restore',
  });
}

/** Makes this machine the one: at the first start, and when an operator says that everything was put back here. */
export function adoptMachine(needs: MachineNeeds, state: VaultState, isSuccessor: boolean): void {
  const { machine } = needs;
  const list = state.list();
  if (machine === undefined || (list.machine !== undefined && !isSuccessor)) return;
  const own = fingerprint(state.vault, machine);
  if (list.machine !== own) state.commit({ list: { ...list, machine: own } });
}

/** Not the machine's own name, which identifies it elsewhere too (machine-id(5)). */
function fingerprint(vault: string, machine: string): string {
  return hash('sha256', `sallyport machine ${vault} ${machine}`);
}
