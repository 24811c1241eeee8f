/** What is checked; a refusal names the first that fails. */
export type RangeCheck = 'form' | 'key' | 'signature' | 'sources' | 'entry' | 'claim' | 'tree';

export type RangeRefusal = { readonly ok: false; readonly check: RangeCheck; readonly reason: string };

/** Thrown inside of the verifier, and caught there. */
export class Refused extends Error {
  readonly check: RangeCheck;
  constructor(check: RangeCheck, reason: string) {
    super(reason);
    this.check = check;
  }
}
