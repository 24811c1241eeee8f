/** Laws and standards that say how long something must be kept at least. Those in force are chosen; the longest decides. */
export const retentionProfiles = {
  'cert-in': {
    minimumDays: 180,
    because: 'CERT-In directions of 28 April 2022, (iv): logs of all ICT systems for a rolling 180 days, in India',
  },
  dpdp: {
    minimumDays: 365,
    because:
      'DPDP rules, 6(1)(e) and 8(3): logs, personal data and traffic data for at least one year from processing, then erase',
  },
} as const;

export type RetentionProfile = keyof typeof retentionProfiles;
export const profileNames: readonly RetentionProfile[] = ['cert-in', 'dpdp'];

/** Nothing is expired before somebody agreed to it: these are what is recommended, each with its reason. */
const recommended: Readonly<
  Record<string, { readonly keepDays: number; readonly about: string; readonly because: string }>
> = {
  events: {
    keepDays: 365,
    about: 'What sources sent, unless a source has another class',
    because: 'a year satisfies CERT-In and DPDP, which then wants personal data erased',
  },
  findings: {
    keepDays: 365,
    about: 'What rules said of events',
    because: 'a finding quotes the events it is about, so it goes with them',
  },
  audit: {
    keepDays: 730,
    about: 'What people and this server did, and what it noticed about itself',
    because: 'a year more than the events, so that somebody can still be asked about the last of them',
  },
  custody: {
    keepDays: 36_500,
    about: 'What the keeper of the keys recorded of itself: destructions, who agreed to them, holds',
    because: 'it proves every other destruction, so the vault lets none of it go',
  },
};

export function recommendationFor(name: string): {
  readonly keepDays: number;
  readonly about: string;
  readonly because: string;
} {
  return (
    recommended[name] ?? {
      keepDays: 365,
      about: 'Events of the sources given this class',
      because: 'as other events, unless you know why not',
    }
  );
}

export const ownClasses = ['events', 'findings', 'audit'] as const;

/** The least that must be kept under these profiles, at least a day, and who says so. */
export function minimumOf(profiles: readonly RetentionProfile[]): {
  readonly days: number;
  readonly because: string[];
} {
  const days = Math.max(1, ...profiles.map((name) => retentionProfiles[name].minimumDays));
  const deciding = profiles.filter((name) => retentionProfiles[name].minimumDays === days);
  return { days, because: deciding.map((name) => retentionProfiles[name].because) };
}
