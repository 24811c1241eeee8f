import type { FastifyRequest } from 'fastify';
import type { Presented } from '@sallyport/platform/http';
import { createAdmission, type Admission } from './admission.ts';
import type { BodyDigests } from './body-digest.ts';
import { createDecisionRecorder } from './decision-recorder.ts';
import type { Doorway } from './doorway.ts';
import type { EdgeLimits } from './limits.ts';
import type { SideNeeds } from './needs.ts';
import type { ProvenStreams } from './proven-streams.ts';

/**
 * The network, or the operator on this machine: whoever comes from there is let in as these are, within limits of their own,
 * so that nothing one side asks for costs the other its turn, and recorded apart.
 */
export type Side = {
  readonly isOperator: boolean;
  readonly admission: Admission;
  /** Where links for other people lead. */
  readonly publicOrigin: () => string | undefined;
  /** Of what never became a request for a route. */
  readonly countRefusal: (code: string, address: string) => void;
  /** Records what is counted. Rejects when it could not be recorded. */
  close(): Promise<void>;
};

/** How a request came in, and whose it is. */
export type Way = { readonly doorway: Doorway; readonly side: Side };

export function createSide(
  needs: SideNeeds,
  parts: {
    readonly limits: EdgeLimits;
    readonly doorwayOf: (request: FastifyRequest) => Doorway;
    readonly presentedOf: (request: FastifyRequest) => Presented;
    readonly digests: Pick<BodyDigests, 'require'>;
    readonly proven: Pick<ProvenStreams, 'admit' | 'isOver'>;
  },
): Side {
  const recorder = createDecisionRecorder(needs);
  const admission = createAdmission(needs, { ...parts, recorder });
  return {
    isOperator: needs.caller.kind === 'operator',
    admission,
    publicOrigin: () => needs.publicOrigin?.(),
    countRefusal: (code, address) => recorder.count({ outcome: 'denied', code, method: '', route: '', address }),
    async close() {
      admission.leftRecords.over();
      await recorder.close();
    },
  };
}
