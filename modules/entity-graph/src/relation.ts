import { ocsfClass } from '@sallyport/contracts';
import type { EntityField } from '@sallyport/event-search';

/** How two entities have to do with each other: `from` does it to `to`. */
export const relations = [
  'signed_in_to',
  'signed_in_from',
  'changed_account_of',
  'ran_programs_on',
  'acted_on',
  'acted_from',
  'connected_to',
  'reached',
  'watches',
  'is_at',
  'was_asked_by',
  'worked_with',
  'seen_with',
  'in_one_alert_with',
  'is_carried_by',
  'approved',
  'ran',
] as const;
export type Relation = (typeof relations)[number];

/** As between two names: "kim signed in to web-1". */
export const relationWords: Readonly<Record<Relation, string>> = {
  signed_in_to: 'signed in to',
  signed_in_from: 'signed in from',
  changed_account_of: 'changed the account of',
  ran_programs_on: 'ran programs on',
  acted_on: 'acted on',
  acted_from: 'acted from',
  connected_to: 'connected to',
  reached: 'reached',
  watches: 'watches',
  is_at: 'is at',
  was_asked_by: 'was acted for by',
  worked_with: 'worked with',
  seen_with: 'stands in events with',
  in_one_alert_with: 'stands in alerts with',
  is_carried_by: 'is carried by',
  approved: 'let in',
  ran: 'ran',
};

export type Related = { readonly relation: Relation; readonly isTurned: boolean };

type Rule = { readonly from: EntityField; readonly to: EntityField; readonly of: (classes: Classes) => Relation };
type Classes = ReadonlySet<number>;

const isSignIn = (classes: Classes): boolean => classes.has(ocsfClass.authentication);

/** The first that fits, as it stands or turned round. */
const rules: readonly Rule[] = [
  { from: 'user', to: 'target_user', of: () => 'changed_account_of' },
  {
    from: 'user',
    to: 'host',
    of: (classes) =>
      isSignIn(classes) ? 'signed_in_to' : classes.has(ocsfClass.processActivity) ? 'ran_programs_on' : 'acted_on',
  },
  { from: 'user', to: 'src_ip', of: (classes) => (isSignIn(classes) ? 'signed_in_from' : 'acted_from') },
  { from: 'user', to: 'service', of: () => 'was_asked_by' },
  { from: 'host', to: 'dst_ip', of: () => 'connected_to' },
  { from: 'src_ip', to: 'host', of: () => 'reached' },
  { from: 'src_ip', to: 'dst_ip', of: () => 'connected_to' },
  { from: 'camera', to: 'site', of: () => 'watches' },
];

/** What stands in the same event, by its columns and the classes of the events. */
export function relationOf(from: EntityField, to: EntityField, classUids: readonly number[]): Related {
  const classes = new Set(classUids);
  for (const rule of rules) {
    if (rule.from === from && rule.to === to) return { relation: rule.of(classes), isTurned: false };
    if (rule.from === to && rule.to === from) return { relation: rule.of(classes), isTurned: true };
  }
  if (to === 'site') return { relation: 'is_at', isTurned: false };
  if (from === 'site') return { relation: 'is_at', isTurned: true };
  if (from === 'agent') return { relation: 'worked_with', isTurned: false };
  if (to === 'agent') return { relation: 'worked_with', isTurned: true };
  return { relation: 'seen_with', isTurned: false };
}
