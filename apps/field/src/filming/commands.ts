import type { Command } from './message.ts';

/** What a phone answers to a command: done, or why not. */
export type Receipt = { readonly ok: boolean; readonly reason?: string };

export type CommandHands = {
  readonly torch: (isOn: boolean) => Promise<boolean>;
  readonly speak: (text: string) => Promise<boolean>;
  /** False when no sound can be made. */
  readonly siren: (isOn: boolean) => boolean;
};

const remembered = 64;

/**
 * Carries out what operators ask, once each: the same command again gets the receipt of the first time. A command of several
 * wishes is done when all of them are.
 */
export function createCommands(hands: CommandHands): (command: Command) => Promise<Receipt> {
  const receipts = new Map<string, Promise<Receipt>>();

  async function carryOut({ torch, speak, siren }: Command): Promise<Receipt> {
    if (torch === undefined && speak === undefined && siren === undefined)
      return { ok: false, reason: 'this phone does not know the command' };
    const reasons = await Promise.all([
      reasonOf(torch, hands.torch, 'this phone lets no page switch its light'),
      reasonOf(speak, hands.speak, 'this phone has no voice'),
      reasonOf(siren, async (isOn) => hands.siren(isOn), 'this phone makes no sound before somebody touches it'),
    ]);
    const missing = reasons.filter((reason) => reason !== undefined);
    return missing.length === 0 ? { ok: true } : { ok: false, reason: missing.join('; ') };
  }

  return (command) => {
    const known = receipts.get(command.id);
    if (known !== undefined) return known;
    const receipt = carryOut(command).catch((): Receipt => ({ ok: false, reason: 'it failed on the phone' }));
    receipts.set(command.id, receipt);
    const [oldest] = receipts.keys();
    if (receipts.size > remembered && oldest !== undefined) receipts.delete(oldest);
    return receipt;
  };
}

/** Undefined when there was no such wish, or it was done. */
async function reasonOf<Wish>(
  wish: Wish | undefined,
  hand: (wish: Wish) => Promise<boolean>,
  reason: string,
): Promise<string | undefined> {
  return wish === undefined || (await hand(wish)) ? undefined : reason;
}
