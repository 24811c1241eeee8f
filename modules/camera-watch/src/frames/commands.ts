import type { JsonObject } from '@sallyport/contracts';

/** What a device can be told to do; what is left out stays as it is. */
export type Command = { readonly torch?: boolean; readonly speak?: string; readonly siren?: boolean };

/** `unconfirmed`: nobody knows whether it was done, and it must be said so. */
export type CommandOutcome = { readonly state: 'done' | 'refused' | 'unconfirmed'; readonly reason?: string };

/** Commands under way to one device, each until its receipt, its time is over or the device is gone. */
export type Commands = {
  give(command: Command): Promise<CommandOutcome>;
  receipt(commandId: string, ok: boolean, reason: string | undefined): void;
  /** The device is gone: nothing under way is confirmed any more. */
  close(): void;
};

const receiptWithinMs = 5000;
const maxUnderWay = 8;

export function createCommands(needs: {
  readonly random: (length: number) => Uint8Array;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly send: (message: JsonObject) => void;
}): Commands {
  const underWay = new Map<string, (outcome: CommandOutcome) => void>();
  return {
    async give(command) {
      if (underWay.size >= maxUnderWay) return { state: 'unconfirmed', reason: 'busy' };
      const id = Buffer.from(needs.random(12)).toString('base64url');
      const stop = new AbortController();
      const received = new Promise<CommandOutcome>((resolve) => underWay.set(id, resolve));
      const late = needs
        .delay(receiptWithinMs, stop.signal)
        .then((): CommandOutcome => ({ state: 'unconfirmed', reason: 'no receipt' }));
      needs.send({ type: 'command', id, ...command });
      const outcome = await Promise.race([received, late]);
      underWay.delete(id);
      stop.abort();
      return outcome;
    },
    receipt(commandId, ok, reason) {
      underWay.get(commandId)?.({ state: ok ? 'done' : 'refused', ...(reason === undefined ? {} : { reason }) });
    },
    close() {
      for (const resolve of underWay.values()) resolve({ state: 'unconfirmed', reason: 'disconnected' });
    },
  };
}
