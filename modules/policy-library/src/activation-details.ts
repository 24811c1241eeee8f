import type { JsonObject } from '@sallyport/contracts';
import type { Tried } from './policy-tasks.ts';
import type { VersionSummary } from './policy-version.ts';
import type { Opening } from './second-person.ts';

const maxListed = 50;

/** For the audit record: which texts by their hashes, what differs, what it opens and for how many. Rules of detection read `opens`. */
export function activationDetails(input: {
  readonly made: VersionSummary;
  readonly before: VersionSummary | undefined;
  readonly tried: Pick<Tried, 'impact'>;
  readonly openings: readonly Opening[];
}): JsonObject {
  const { made, before, tried, openings } = input;
  const changes = tried.impact?.changes ?? [];
  const rank = { deny: 0, needs_proof: 1, allow: 2 } as const;
  const opened = changes.filter(({ from, to }) => rank[to] > rank[from]);
  const known = new Map((before?.documents ?? []).map(({ id, hash }) => [id, hash]));
  const documents = [
    ...made.documents.flatMap(({ id, hash }) => {
      const was = known.get(id);
      if (was === hash) return [];
      return [{ id, sha256: hash, change: was === undefined ? 'added' : 'changed', before: was ?? null }];
    }),
    ...[...known]
      .filter(([id]) => !made.documents.some((one) => one.id === id))
      .map(([id, was]) => ({ id, sha256: null, change: 'removed', before: was })),
  ];
  return {
    version: made.version,
    sha256: made.hash,
    bundled_sha256: made.bundledHash,
    from: made.from ?? null,
    before: before === undefined ? null : { version: before.version, sha256: before.hash },
    documents: documents.slice(0, maxListed),
    opens: opened.length > 0 || openings.length > 0,
    opening_policies: [...new Set(openings.map(({ id }) => id))].slice(0, maxListed),
    opened_actions: [...new Set(opened.map(({ action }) => action))],
    gaining: tried.impact?.gaining ?? 0,
    losing: tried.impact?.losing ?? 0,
    changes: changes.slice(0, maxListed).map(({ action, site, when, from, to, count }) => ({
      action,
      site: site ?? null,
      when: when ?? null,
      from,
      to,
      count,
    })),
    authors: made.authors.map(({ kind, id }) => ({ kind, id })),
    asked_by: made.askedBy === undefined ? null : { kind: made.askedBy.kind, id: made.askedBy.id },
    approved_by: made.approvedBy === undefined ? null : { kind: made.approvedBy.kind, id: made.approvedBy.id },
  };
}
