import type { PolicyTest } from './policy-queries.ts';

/** What somebody begins with. */
export const templateText = `// Say about whom, what, and when. What is forbidden here is forbidden whatever else allows it.
@id("analysts-do-not-export")
@words("Analysts export no recordings")
forbid (
  principal in Sallyport::Role::"analyst",
  action == Sallyport::Action::"cameras:export",
  resource
);
`;

export const templateTests: readonly PolicyTest[] = [
  {
    name: 'An analyst exports nothing',
    principal: { kind: 'user', roles: ['analyst'] },
    action: 'cameras:export',
    expect: 'deny',
  },
];
