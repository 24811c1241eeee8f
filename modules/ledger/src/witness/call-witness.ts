import { callOutside } from '../call-outside.ts';
import type { OutsideCall, OutsideReply } from '../call-outside.ts';
import { refuseAddress } from './witness-address.ts';

export type WitnessCall = OutsideCall & { readonly body?: string };

export type WitnessAnswer = OutsideReply;

/** Throws `LedgerError` `witness_unreachable`. */
export type CallWitness = (call: WitnessCall) => Promise<WitnessAnswer>;

/** One request to a witness, which is an adversary; see `callOutside`. */
export const callWitness: CallWitness = (call) =>
  callOutside(
    {
      name: 'The witness',
      code: 'witness_unreachable',
      accept: 'text/plain, text/x.tlog.size',
      contentType: 'text/plain; charset=utf-8',
      // 100 cosignatures of the longest names fit.
      maxAnswerBytes: 64 * 1024,
      refuseAddress,
    },
    call,
  );
