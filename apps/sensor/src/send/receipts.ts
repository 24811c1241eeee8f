import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import { checkpointOfEvidence, verifyEvidence } from '@sallyport/ledger/evidence';
import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import { makePrivateDirectory, writeFileDurably } from '@sallyport/platform/files';
import type { Log } from '@sallyport/platform/log';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Collected, Collector } from '../collectors/collector.ts';
import type { Receipt } from '../spool/spool-state.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import { whyNotOneHistory } from './checkpoint-history.ts';
import type { LogTrust } from './log-trust.ts';
import type { Answer, Transport } from './transport.ts';

export type ReceiptNeeds = {
  readonly transport: Transport;
  readonly receipts: () => readonly Receipt[];
  /** The key of each log and the newest checkpoint seen of it. */
  readonly trust: LogTrust;
  /** Where the proof is kept when the log of the server is not what it was. */
  readonly evidenceDirectory: string;
  /** From whoever is trusted for it; otherwise the key first seen of a log counts from then on. */
  readonly logKey: string | undefined;
  /** The line that makes a key which may read the log; undefined where nobody can give this sensor another key. */
  readonly remedy: string | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
};

type Check = 'not yet' | 'matches' | 'no right' | 'mismatch';

type Verdict = { readonly state: Check; readonly reason: string; readonly shown?: string };

const everyMs = 10 * 60_000;
/** So many questions in a row without a proof, an hour, are told: a server that never proves anything must not pass for one that is away. */
const tellUnprovenAfter = 6;
const maxEvidenceFiles = 32;

/**
 * Asks the server to prove, now and then, that one of the records it acknowledged is in its signed log exactly as it was sent, and
 * that this log is still the one it showed before, only longer. A proof that is wrong, a log that was rewound, or one that forked,
 * is told loudly, here and to the server, and both sides of it are kept: two checkpoints signed by one key that cannot both be
 * true convict it before anybody. The checkpoint that was believed stays the measure until the log fits it again. A key without
 * `ledger:read` checks nothing and says so. That the same log is shown to others too is for witnesses to say.
 */
export function createReceiptCollector(needs: ReceiptNeeds): Collector {
  const { transport, clock, log, trust, evidenceDirectory } = needs;
  let state: Check = 'not yet';
  let lastMs = Number.NEGATIVE_INFINITY;
  let reason = '';
  let unproven = 0;

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
    const kept = trust.of(logNumber);
    if (kept !== undefined) return kept.verifierKey;
    const answer = await ask('/v1/ledger');
    const value = answer.status === 200 ? parseJson(answer.body) : null;
    const listed: readonly unknown[] = isJsonObject(value) && Array.isArray(value['logs']) ? value['logs'] : [];
    const found = listed.find((one) => isJsonObject(one) && one['number'] === logNumber);
    return isJsonObject(found) ? textOf(found['verifier_key']) : undefined;
  }

  async function check(receipt: Receipt): Promise<Verdict> {
    const answer = await ask(`/v1/ledger/proof/${receipt.log}/${receipt.index}`);
    if (answer.status === 401 || answer.status === 403) return { state: 'no right', reason: '' };
    if (answer.status === 404) return { state: 'mismatch', reason: 'the server does not have the record' };
    if (answer.status !== 200) return { state, reason: `the server answered ${answer.status}` };
    const verifierKey = await keyOf(receipt.log);
    if (verifierKey === undefined) return { state, reason: 'the server names no key for the log' };
    const shown = answer.body;
    const verified = verifyEvidence(shown, { verifierKey });
    if (!verified.ok) return { state: 'mismatch', reason: verified.reason, shown };
    if (verified.index !== receipt.index)
      return { state: 'mismatch', reason: `the proof is of record ${verified.index}`, shown };
    const sent = createHash('sha256')
      .update(isJsonObject(verified.event) ? textOf(verified.event['raw_data']) : '')
      .digest('hex');
    if (sent !== receipt.sha256)
      return { state: 'mismatch', reason: 'the log holds another record in this place', shown };
    const checkpoint = checkpointOfEvidence(shown);
    const known = trust.of(receipt.log);
    const broken =
      known === undefined
        ? undefined
        : await whyNotOneHistory(known.checkpoint, checkpoint, (path) => readTile(receipt.log, path));
    if (broken !== undefined) return { state: 'mismatch', reason: broken, shown };
    trust.keep(receipt.log, { verifierKey, checkpoint });
    return { state: 'matches', reason: '' };
  }

  async function readTile(logNumber: number, path: string): Promise<Uint8Array> {
    const asked = await ask(`/v1/ledger/logs/${logNumber}/${path}`);
    // The full tile stands in for a part of it that is gone.
    const answer =
      asked.status === 404 ? await ask(`/v1/ledger/logs/${logNumber}/${path.replace(/\.p\/\d+$/, '')}`) : asked;
    if (answer.status !== 200) throw new Error(`The server answered ${answer.status} for a tile of its log`);
    return answer.bytes;
  }

  /** Both sides, for whoever must decide who is right: what the server signed before, and what it shows now. */
  function keepEvidence(receipt: Receipt, why: string, shown: string | undefined): void {
    makePrivateDirectory(evidenceDirectory);
    const digest = createHash('sha256')
      .update(`${why}\n${shown ?? ''}`)
      .digest('hex');
    const name = `receipt-${receipt.log}-${receipt.index}-${digest.slice(0, 16)}.json`;
    const files = readdirSync(evidenceDirectory);
    if (files.length >= maxEvidenceFiles || files.includes(name)) return;
    const known = trust.of(receipt.log);
    const kept = present({
      time: new Date(clock.nowMs()).toISOString(),
      reason: why,
      receipt,
      verifier_key: needs.logKey ?? known?.verifierKey,
      kept_checkpoint: known?.checkpoint,
      shown_evidence: shown,
    });
    writeFileDurably(join(evidenceDirectory, name), Buffer.from(`${JSON.stringify(kept, null, 2)}\n`));
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
      let shown: string | undefined;
      try {
        ({ state, reason, shown } = await check(receipt));
      } catch (error) {
        // Not reached: the sender tells of that.
        reason = messageOf(error);
        unproven += 1;
        return { records: [] };
      }
      unproven = reason === '' ? 0 : unproven + 1;
      const position = `${receipt.log}/${receipt.index}`;
      if (state === 'mismatch') {
        log.error('a receipt does not match the log of the server', { position, reason });
        keepEvidence(receipt, reason, shown);
        const signed = verifyEvidence(shown ?? '').ok ? checkpointOfEvidence(shown ?? '') : undefined;
        return {
          records: [
            recordOf(
              'sensor.receipt_mismatch',
              present({
                position,
                sequence: receipt.sequence,
                reason,
                kept_checkpoint: trust.of(receipt.log)?.checkpoint,
                shown_checkpoint: signed,
              }),
            ),
          ],
        };
      }
      return {
        records: before === state || state !== 'matches' ? [] : [recordOf('sensor.receipts_match', { position })],
      };
    },
    coverage() {
      return {
        collector: 'receipts',
        state: state === 'matches' ? 'full' : 'none',
        sees:
          state === 'matches'
            ? 'that what was acknowledged is in the signed log, and that this log only grows'
            : 'nothing',
        misses:
          state === 'matches'
            ? ''
            : state === 'no right'
              ? `whether what was acknowledged is in the log: ${needs.remedy === undefined ? 'the server beside it gives it a key that may only send' : 'the key may not read it'}`
              : reason,
        remedy: state === 'no right' ? needs.remedy : undefined,
      };
    },
    problem() {
      if (state === 'mismatch') return `a receipt does not match: ${reason}`;
      return unproven >= tellUnprovenAfter ? `the log has proven nothing for an hour: ${reason}` : undefined;
    },
  };
}
