import { createHash } from 'node:crypto';
import type { Transaction } from '@sallyport/platform/database';
import type { Client } from '@sallyport/platform/http';
import { sessionRefusalOf } from '../admission/admission.ts';
import { authenticationEvent, type SignInFailure } from '../audit-record.ts';
import { IdentityError } from '../errors.ts';
import type { PeopleNeeds } from '../needs.ts';
import { refuseThrottled, type SignInThrottle } from '../sessions/sign-in-throttle.ts';
import { certificateDetails, refusalWords } from './certificate-check.ts';
import type { Certificate } from './certificate.ts';

/** A certificate was not accepted, and why: for the ledger, once the transaction is rolled back. */
export class Refused extends Error {
  readonly certificate: Certificate | undefined;
  readonly verdict: string;
  readonly words: string;
  readonly userId: string | undefined;
  constructor(certificate: Certificate | undefined, verdict: string, words: string, userId?: string) {
    super(verdict);
    this.certificate = certificate;
    this.verdict = verdict;
    this.words = words;
    this.userId = userId;
  }
}

type About = {
  readonly action: 'session.sign-in' | 'session.step-up' | 'session.enrol';
  readonly client: Client;
  readonly user: { readonly id?: string; readonly name: string };
  readonly sessionId?: string;
};

/** The transaction, slowed down by who asks and with what, and what it refused in the ledger. */
type Telling = <Answer>(
  about: About,
  der: Uint8Array,
  work: (transaction: Transaction) => Promise<Answer>,
) => Promise<Answer>;

export function createTelling(
  needs: Pick<PeopleNeeds, 'database' | 'outbox' | 'clock'> & { readonly throttle: SignInThrottle },
): Telling {
  const { database, outbox, clock, throttle } = needs;
  const record = async (
    what: About & { readonly failure: SignInFailure },
    refused: Refused | undefined,
  ): Promise<void> => {
    const shown =
      refused === undefined ? {} : { certificate: certificateDetails(refused.certificate, refused.verdict) };
    const event = authenticationEvent({ nowMs: clock.nowMs(), methods: ['certificate'], ...what, ...shown });
    await database.transaction().execute((transaction) => outbox.record(transaction, event));
    await outbox.flushed();
  };

  return async (about, der, work) => {
    const { client } = about;
    const attempted = `certificate ${createHash('sha256').update(der).digest('hex')}`;
    const { waitMs, first } = throttle.begin(client.address, attempted);
    if (first) await record({ ...about, failure: 'throttled' }, undefined);
    refuseThrottled(waitMs);
    try {
      const answer = await database.transaction().execute(work);
      await outbox.flushed();
      throttle.succeeded(client.address, attempted);
      return answer;
    } catch (error) {
      const failure = sessionRefusalOf(error);
      if (failure !== undefined) await record({ ...about, failure }, undefined);
      if (!(error instanceof Refused)) throw error;
      const user = error.userId === undefined ? about.user : { id: error.userId, name: about.user.name };
      await record({ ...about, user, failure: 'certificate_refused' }, error);
      throw new IdentityError('certificate_refused', `Cannot accept this certificate: ${error.words}`, {
        details: { reason: error.verdict in refusalWords ? error.verdict : 'nobody' },
      });
    }
  };
}
