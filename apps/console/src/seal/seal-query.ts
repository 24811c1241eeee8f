import { verifyEvidence } from '@sallyport/ledger/evidence';
import type { EvidenceVerification } from '@sallyport/ledger/evidence';
import { queryOptions } from '@tanstack/react-query';
import { callText } from '../api/call.ts';
import { pinIfNew, pinnedKey } from './pinned-keys.ts';

export type SealCheck = {
  readonly evidence: string;
  readonly result: EvidenceVerification;
  /** Whether the log's key was known to this browser before, rather than met just now. */
  readonly keyWasKnown: boolean;
  readonly checkedAtMs: number;
};

/** Fetches the evidence of one entry and verifies it in this browser. No word of the server is trusted but the key, the first time. */
export function sealQuery(position: string) {
  const [log = '', index = ''] = position.split('/');
  return queryOptions({
    queryKey: ['seal', position],
    queryFn: async ({ signal }): Promise<SealCheck> => {
      const evidence = await callText('GET /v1/ledger/proof/{log}/{index}', {
        params: { log: Number(log), index: Number(index) },
        signal,
      });
      return { evidence, ...checkEvidence(evidence, position), checkedAtMs: Date.now() };
    },
    staleTime: Infinity,
    retry: 1,
  });
}

/** Verifies under the pinned key, or pins the key the evidence holds. Also refuses good evidence of another entry. */
function checkEvidence(evidence: string, position: string): { result: EvidenceVerification; keyWasKnown: boolean } {
  const [log, index] = position.split('/').map(Number);
  const known = pinnedKey(log ?? 0);
  const result = verifyEvidence(evidence, known === undefined ? {} : { verifierKey: known.verifierKey });
  if (result.ok && result.index !== index) {
    return {
      keyWasKnown: known !== undefined,
      result: {
        ok: false,
        check: 'form',
        reason: `The server sent the evidence of entry ${result.index}, not of entry ${index ?? '?'}`,
      },
    };
  }
  if (result.ok) pinIfNew(log ?? 0, result.verifierKey);
  return { result, keyWasKnown: known !== undefined };
}
