import { parseVerifierKey } from '@sallyport/merkle-log';
import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import { LedgerError } from '../errors.ts';
import type { LedgerClient } from '../ledger-client.ts';
import { isThisMachine } from './witness-address.ts';
import type { WitnessReport, WitnessState } from './witnesses.ts';

const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
const Time = Type.String({ format: 'date-time' });
const Count = Type.Integer({ minimum: 0 });

const witnessStates = ['cosigning', 'waiting', 'away', 'unknown_log', 'wrong', 'refusing'] as const;

const ShownWitness = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'As in its key' }),
  url: Type.String(),
  verifier_key: Type.String(),
  own_authority: Type.Boolean({ description: 'Its certificate is verified against one given here' }),
  same_machine: Type.Boolean({ description: 'It shares the fate of this host, and proves little' }),
  added_at: Time,
  added_by: Type.Object({ id: Type.String(), name: Type.String() }),
  state: Type.Enum(witnessStates, {
    description:
      'cosigning; waiting: not asked yet; away: it does not answer; unknown_log: it was not given the key of the log; wrong: its answers do not verify; refusing: it says it has cosigned more than this log holds, or another history',
  }),
  cosigned_size: orNull(Count, 'Entries of the newest log it has cosigned last'),
  cosigned_at: orNull(Time),
  asked_at: orNull(Time, 'Since the server started'),
  answered_at: orNull(Time, 'Since the server started'),
  problem: orNull(Type.Object({ code: Type.String(), message: Type.String() })),
});

/** What the routes answer. */
export const ShownReport = Type.Object({
  log: Type.Object({
    number: Type.Integer(),
    origin: Type.String(),
    verifier_key: Type.String({ description: 'What a witness must be given to cosign this log' }),
    size: Count,
    signing: Type.Enum(['open', 'held', 'frozen', 'away'], {
      description: 'held: entries are taken and nothing is signed, until witnesses or an operator vouch for the log',
    }),
    follows: orNull(Type.String({ description: 'The log before it, by its origin' })),
  }),
  witnesses: Type.Array(ShownWitness),
  policy: Type.Object({
    needed: Type.Integer({ description: 'How many must cosign the same checkpoint' }),
    of: Count,
    tail_limit_minutes: Type.Integer(),
  }),
  newest: orNull(
    Type.Object({ size: Count, at: Time, by: Type.Array(Type.String()) }),
    'The newest checkpoint of the newest log that satisfied the policy',
  ),
  tail: orNull(
    Type.Object({
      entries: Count,
      since: orNull(Time, 'Ledger time of the first entry no quorum covers'),
      age_seconds: Count,
      too_old: Type.Boolean(),
    }),
    'What whoever owns this host could still rewrite unnoticed; null without witnesses: then it is everything that nobody keeps a checkpoint of',
  ),
  closed: Type.Array(
    Type.Object({
      number: Type.Integer(),
      size: Count,
      signed_size: Type.Integer({ minimum: 0, description: 'Nothing past it was ever signed' }),
      witnessed_size: Count,
      end: Type.Enum(['whole', 'asking', 'fixed-by-next', 'never'] as const, {
        description:
          'asking: its last checkpoint still goes round; fixed-by-next: no witness ever sees its end, but the next log commits to it and is witnessed; never: nobody outside has seen its end, nor what commits to it',
      }),
    }),
    { description: 'Logs that restores closed, oldest first' },
  ),
});

export function showWitnesses(report: WitnessReport, ledger: Pick<LedgerClient, 'logs'>) {
  const { policy, quorum, tail } = report;
  const logs = ledger.logs();
  const log = logs.find(({ number }) => number === report.log.number);
  if (log === undefined) throw new LedgerError('unavailable', 'Cannot tell about the newest log: it is not open yet');
  return {
    log: {
      number: log.number,
      origin: log.origin,
      verifier_key: log.verifierKey,
      size: report.log.size,
      signing: signingOf(report.log.signing),
      follows: logs.findLast(({ number }) => number < log.number)?.origin ?? null,
    },
    witnesses: report.witnesses.map(describeWitness),
    policy: {
      needed: policy.needed,
      of: report.witnesses.length,
      tail_limit_minutes: Math.round(policy.tailLimitMs / 60_000),
    },
    newest:
      quorum === undefined
        ? null
        : {
            size: quorum.size,
            at: timeOf(quorum.atMs),
            by: quorum.witnessKeys.map((key) => parseVerifierKey(key).name),
          },
    tail:
      tail === undefined
        ? null
        : {
            entries: tail.entries,
            since: tail.sinceMs === undefined ? null : timeOf(tail.sinceMs),
            age_seconds: Math.floor(tail.ageMs / 1000),
            too_old: tail.isTooOld,
          },
    closed: report.closed.map(({ number, size, signedSize, witnessedSize, end }) => ({
      number,
      size,
      signed_size: signedSize,
      witnessed_size: witnessedSize,
      end,
    })),
  };
}

function describeWitness({ witness, cosigned, standing }: WitnessState) {
  const { trouble, lastAskedAtMs, lastAnsweredAtMs } = standing;
  return {
    id: witness.id,
    name: parseVerifierKey(witness.verifierKey).name,
    url: witness.url,
    verifier_key: witness.verifierKey,
    own_authority: witness.authorityPem !== undefined,
    same_machine: isThisMachine(new URL(witness.url).hostname),
    added_at: timeOf(witness.addedAtMs),
    added_by: { ...witness.addedBy },
    state: stateOf(standing, cosigned !== undefined),
    cosigned_size: cosigned?.size ?? null,
    cosigned_at: cosigned === undefined ? null : timeOf(cosigned.atMs),
    asked_at: lastAskedAtMs === undefined ? null : timeOf(lastAskedAtMs),
    answered_at: lastAnsweredAtMs === undefined ? null : timeOf(lastAnsweredAtMs),
    problem: trouble === undefined ? null : { code: trouble.kind, message: trouble.message },
  };
}

/** Those that were asked and have not cosigned, and why. */
export function troubledWitnesses({
  witnesses,
}: Pick<WitnessReport, 'witnesses'>): readonly { readonly name: string; readonly state: string }[] {
  return witnesses
    .filter(({ standing }) => standing.trouble !== undefined)
    .map(({ witness, standing, cosigned }) => ({
      name: parseVerifierKey(witness.verifierKey).name,
      state: stateOf(standing, cosigned !== undefined),
    }));
}

function stateOf({ trouble }: WitnessState['standing'], hasCosigned: boolean): (typeof witnessStates)[number] {
  switch (trouble?.kind) {
    case undefined:
      return hasCosigned ? 'cosigning' : 'waiting';
    case 'unknown_log':
    case 'unknown_key':
      return 'unknown_log';
    case 'wrong_answer':
    case 'wrong_time':
      return 'wrong';
    case 'ahead':
    case 'conflict':
      return 'refusing';
    case 'unreachable':
    case 'busy':
      return 'away';
  }
}

function signingOf(text: string): 'open' | 'held' | 'frozen' | 'away' {
  return text === 'open' || text === 'held' || text === 'frozen' ? text : 'away';
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
