import type { StandingNow } from '@sallyport/policy-library';
import type { KeptVersion } from './own-version-store.ts';

/** What should be in force for agents. */
export type OwnStanding = StandingNow<KeptVersion>;
