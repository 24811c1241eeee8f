import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import { readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import type { Log } from '@sallyport/platform/log';
import { createHash } from 'node:crypto';
import type { Collected, Collector } from '../collectors/collector.ts';
import { isCount } from '../spool/frame-content.ts';
import type { Receipt } from '../spool/spool-state.ts';
import type { SensorRecord } from '../record.ts';
import type { Answer, Transport } from './transport.ts';

export type ReceiptNeeds = {
  readonly transport: Transport;
  readonly receipts: () => readonly Receipt[];
  /** Keeps the key of each log and the largest tree seen of it. */
  readonly trustFile: string;
  /** From whoever is trusted for it; otherwise the key first seen of a log counts from then on. */
  readonly logKey: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
};

type LogTrust = { readonly verifierKey: string; readonly treeSize: number };
type Check = 'not yet' | 'matches' | 'no right' | 'mismatch';

const everyMs = 10 * 60_000;

/**
 * Asks the server to prove, now and then, that one of the records it acknowledged is in its signed log exactly as it was sent.
 * A proof that is wrong, or a log that got smaller, is told loudly, here and to the server. A key without `ledger:read` checks
 * nothing and says so. That the same log is shown to others too is for witnesses to say.
 */
export function createReceiptCollector(needs: ReceiptNeeds): Collector {
  const { transport, clock, log } = needs;
  const trust = loadTrust(needs.trustFile);
  let state: Check = 'not yet';
  let lastMs = Number.NEGATIVE_INFINITY;
  let reason = '';

  const recordOf = (event: string, fields: SensorRecord['fields']): SensorRecord => ({
    kind: 'sensor',
    collector: 'receipts',
    lossy: false,
    timeMs: clock.nowMs(),
    event,
    fields,
  });

  async function ask(path: string): Promise<Answer> {
    return transport.ask({ method: 'GET', path, headers: { accept: '*/*' }, signal: needs.signal });
  }

  /** The key of a log: the given one, the kept one, or, once, the one the server names. */
  async function keyOf(logNumber: number): Promise<string | undefined> {
    if (needs.logKey !== undefined) return needs.logKey;
    const kept = trust.get(logNumber);
    if (kept !== undefined) return kept.verifierKey;
    const answer = await ask('/v1/ledger');
    const value = answer.status === 200 ? parseJson(answer.body) : null;
    const listed: readonly unknown[] = isJsonObject(value) && Array.isArray(value['logs']) ? value['logs'] : [];
    const found = listed.find((one) => isJsonObject(one) && one['number'] === logNumber);
    return isJsonObject(found) ? textOf(found['verifier_key']) : undefined;
  }

  async function check(receipt: Receipt): Promise<{ state: Check; reason: string }> {
    const answer = await ask(`/v1/ledger/proof/${receipt.log}/${receipt.index}`);
    if (answer.status === 401 || answer.status === 403) return { state: 'no right', reason: '' };
    if (answer.status === 404) return { state: 'mismatch', reason: 'the server does not have the record' };
    if (answer.status !== 200) return { state, reason: `the server answered ${answer.status}` };
    const verifierKey = await keyOf(receipt.log);
    if (verifierKey === undefined) return { state, reason: 'the server names no key for the log' };
    const verified = verifyEvidence(answer.body, { verifierKey });
    if (!verified.ok) return { state: 'mismatch', reason: verified.reason };
    if (verified.index !== receipt.index)
      return { state: 'mismatch', reason: `the proof is of record ${verified.index}` };
    const sent = createHash('sha256')
      .update(isJsonObject(verified.event) ? textOf(verified.event['raw_data']) : '')
      .digest('hex');
    if (sent !== receipt.sha256) return { state: 'mismatch', reason: 'the log holds another record in this place' };
    const known = trust.get(receipt.log)?.treeSize ?? 0;
    if (verified.treeSize < known)
      return { state: 'mismatch', reason: `the log has ${verified.treeSize} entries, it had ${known}` };
    trust.set(receipt.log, { verifierKey, treeSize: verified.treeSize });
    writeFileDurably(needs.trustFile, Buffer.from(JSON.stringify(Object.fromEntries(trust))));
    return { state: 'matches', reason: '' };
  }

  return {
    name: 'receipts',
    everyMs: 5000,
    async collect(): Promise<Collected> {
      const receipts = needs.receipts();
      const receipt = receipts[Math.floor(needs.random() * receipts.length)];
      if (receipt === undefined || clock.monotonicMs() - lastMs < everyMs) return { records: [] };
      lastMs = clock.monotonicMs();
      const before = state;
      try {
        ({ state, reason } = await check(receipt));
      } catch (error) {
        // Not reached: the sender tells of that.
        reason = messageOf(error);
        return { records: [] };
      }
      const position = `${receipt.log}/${receipt.index}`;
      if (state === 'mismatch') {
        log.error('a receipt does not match the log of the server', { position, reason });
        return { records: [recordOf('sensor.receipt_mismatch', { position, sequence: receipt.sequence, reason })] };
      }
      return {
        records: before === state || state !== 'matches' ? [] : [recordOf('sensor.receipts_match', { position })],
      };
    },
    coverage() {
      return {
        collector: 'receipts',
        state: state === 'matches' ? 'full' : 'none',
        sees: state === 'matches' ? 'that what was acknowledged is in the signed log' : 'nothing',
        misses:
          state === 'matches'
            ? ''
            : state === 'no right'
              ? 'whether what was acknowledged is in the log: the key may not read it'
              : reason,
        remedy: state === 'no right' ? 'sallyport key create --scope events:write --scope ledger:read' : undefined,
      };
    },
    problem: () => (state === 'mismatch' ? `a receipt does not match: ${reason}` : undefined),
  };
}

function loadTrust(file: string): Map<number, LogTrust> {
  const found = new Map<number, LogTrust>();
  const bytes = readFileIfPresent(file);
  if (bytes === undefined) return found;
  const value = parseJson(bytes.toString('utf8'));
  for (const [number, kept] of Object.entries(isJsonObject(value) ? value : {})) {
    if (!isJsonObject(kept)) continue;
    const { verifierKey, treeSize } = kept;
    if (typeof verifierKey === 'string' && isCount(treeSize)) found.set(Number(number), { verifierKey, treeSize });
  }
  return found;
}
