import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { certificateFormat } from '../destruction/certificate-format.ts';
import type { ShownIntent } from '../destruction/shown.ts';
import { KeyVaultError } from '../errors.ts';
import type { OffSite } from '../off-site.ts';
import type { CertificateStore } from './certificate-store.ts';
import type { DestructionCalls, ReadBack, StepAnswer } from './destruction-calls.ts';
import type { Destructions } from './destructions-seam.ts';

export type Position = { readonly log: number; readonly index: number };

export type DestructionsNeeds = {
  readonly calls: DestructionCalls;
  readonly certificates: CertificateStore;
  /** The place apart from this machine, when one is set up. */
  readonly offSite: () => OffSite | undefined;
  /** The vault as it lies on the disk, pages of subjects' keys included, under the names it is kept by elsewhere. */
  readonly vaultFiles: () => Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]>;
  /** Witnesses and what they signed last of the newest log. */
  readonly witnessed: () => Promise<{
    readonly keys: readonly string[];
    readonly needed: number;
    readonly checkpoint: string | undefined;
    /** Entries it covers, of which log. */
    readonly size: number;
    readonly log: number;
  }>;
  /** An evidence file of one entry. */
  readonly prove: (position: Position) => Promise<string>;
  readonly deadline: (ms: number) => AbortSignal;
  readonly log: Log;
};

export type DestructionService = Destructions & {
  /** Looks whether anything can go on. Never two at a time. */
  tick(): Promise<void>;
  /** Before anything is served, after a restore: what was kept elsewhere of destructions is told to the vault. */
  replayKept(): Promise<void>;
  /** The certificate, as one JSON document. Throws `destruction_refused` while there is none. */
  certificate(id: string): Promise<string>;
  /** Tells whoever listens; from the connection to the sealer. */
  told(keyIds: readonly string[]): void;
};

const exportRounds = 5;
const offSiteTimeoutMs = 120_000;
const ended: ReadonlySet<string> = new Set(['destroyed', 'scheduled']);

/** The server's side: courier between the sealer, which decides, and the places it needs something of. */
export function createDestructions(needs: DestructionsNeeds): DestructionService {
  const { calls, certificates } = needs;
  const listeners = new Set<(keyIds: readonly string[]) => void>();
  const certified = new Set<string>();
  const exported = new Set<string>();
  let ticking = false;
  let failures = 0;
  let pausedTicks = 0;

  const signal = (): AbortSignal => needs.deadline(offSiteTimeoutMs);

  /**
   * Stores the vault elsewhere, and gives back what a new request there answers with. Pages of subjects' keys first: survivors
   * of an erasure live on new ones, and what wraps the former is about to go.
   */
  async function exportVault(offSite: OffSite, vault: string): Promise<ReadBack> {
    for (const file of await needs.vaultFiles()) {
      if (!file.name.startsWith(`vault/${vault}/pages/`) || exported.has(file.name)) continue;
      await offSite.store(file.name, file.bytes, signal());
      const back = await offSite.readBack(file.name, signal());
      if (!Buffer.from(back).equals(file.bytes))
        throw new KeyVaultError(
          'destruction_refused',
          `Cannot go on: "${file.name}" reads back otherwise than it was stored`,
        );
      exported.add(file.name);
    }
    const { bytes, generation } = await calls.exportFile();
    const name = `vault/${vault}/${String(generation).padStart(12, '0')}.vault`;
    const { location } = await offSite.store(name, bytes, signal());
    return { bytes: await offSite.readBack(name, signal()), location, generation };
  }

  async function goOn(): Promise<StepAnswer> {
    const offSite = needs.offSite();
    const { keys, needed, checkpoint } = await needs.witnessed();
    await calls.hear(keys, needed, checkpoint);
    let answer = await calls.step(offSite !== undefined);
    for (let round = 0; answer.kind === 'export' && offSite !== undefined && round < exportRounds; round += 1)
      answer = await calls.step(true, await exportVault(offSite, answer.vault));
    return answer;
  }

  /** What a restore has to know lies elsewhere before a certificate is given. */
  async function certify({ vault, certifiable }: StepAnswer): Promise<void> {
    const offSite = needs.offSite();
    if (offSite === undefined) return;
    for (const intent of certifiable) {
      const name = `${intent.id}.${intent.stage}`;
      if (!ended.has(intent.stage) || certified.has(name)) continue;
      const kept = await certificates.find(intent.id);
      if (kept?.outcome === intent.stage && kept.document !== undefined) {
        certified.add(name);
        continue;
      }
      const { statement, entries } = await calls.certificate(intent.id);
      const last = entries.at(-1);
      const { keys, log, size } = await needs.witnessed();
      // Better a little later than without the witnesses' word.
      if (last === undefined || (keys.length > 0 && (log !== last.log || size <= last.index))) continue;
      const evidence: string[] = [];
      for (const position of entries) evidence.push(await needs.prove(position));
      const document = `${JSON.stringify({ format: certificateFormat, statement, evidence }, null, 2)}\n`;
      const record = `destructions/${vault}/${name}.json`;
      await offSite.store(record, Buffer.from(document), signal());
      await certificates.remember(intent.id, intent.stage, document);
    }
  }

  const find = async (id: string): Promise<ShownIntent | undefined> =>
    (await calls.overview()).intents.find((intent) => intent.id === id);

  return {
    propose: async (proposal, by) => calls.propose(proposal, by),
    cancel: async (id, asked) => calls.cancel(id, asked),
    find,
    list: async () => calls.overview(),
    holds: async () => (await calls.overview()).holds,
    placeHold: async (hold, by) => calls.hold(hold, by),
    policies: async () => (await calls.overview()).policies,
    destroyedKeys: async () => calls.destroyed(),
    onDestroyed(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    told(keyIds) {
      for (const listener of listeners) listener(keyIds);
    },
    async tick() {
      if (pausedTicks > 0) pausedTicks -= 1;
      if (ticking || pausedTicks > 0) return;
      ticking = true;
      try {
        await certify(await goOn());
        failures = 0;
      } catch (error) {
        failures += 1;
        pausedTicks = Math.min(2 ** failures, 60);
        needs.log.warn('A destruction of keys cannot go on now', {
          code: codeOf(error) ?? 'unknown',
          message: messageOf(error),
        });
      } finally {
        ticking = false;
      }
    },
    async replayKept() {
      const { vault, isRestored } = await calls.overview();
      if (isRestored !== true) return;
      const offSite = needs.offSite();
      if (offSite === undefined) {
        await calls.kept([], 'no place apart from this machine is set up');
        return;
      }
      try {
        const files = await offSite.list(`destructions/${vault}/`, signal());
        const evidence: string[] = [];
        for (const { name } of files) {
          const bytes = await offSite.readBack(name, signal());
          evidence.push(...evidenceIn(Buffer.from(bytes).toString('utf8')));
        }
        await calls.kept(evidence, undefined);
      } catch (error) {
        needs.log.warn('What was destroyed before the restore could not be read', { message: messageOf(error) });
        await calls.kept([], `the place apart from this machine could not be read: ${messageOf(error)}`.slice(0, 900));
      }
    },
    async certificate(id) {
      const kept = await certificates.find(id);
      if (kept?.document !== undefined) return kept.document;
      // Says why there is none.
      await calls.certificate(id);
      throw new KeyVaultError('destruction_refused', `Cannot certify destruction "${id}" yet`, {
        hint: 'its record has to lie in the place apart from this machine, and the witnesses to cover it',
      });
    },
  };
}

function evidenceIn(text: string): string[] {
  const document = readDocument(text);
  const evidence: unknown = document['evidence'];
  const files: readonly unknown[] = Array.isArray(evidence) ? evidence : [];
  return files.filter((file) => typeof file === 'string');
}

function readDocument(text: string): JsonObject {
  const read = parseJson(text);
  return isJsonObject(read) ? read : {};
}
