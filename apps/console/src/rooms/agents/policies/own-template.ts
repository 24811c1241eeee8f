import type { OwnTest } from './own-policy-queries.ts';

/** What somebody begins with. */
export const templateText = `// What is forbidden here is forbidden whatever the agent's pack allows. @ask("person") on one that
// forbids asks a person. A permit lets go what the pack would ask about, and nothing it refuses.
@id("no-other-machines")
@words("Agents log in to no other machine")
forbid (principal, action == Agent::Action::"execute", resource)
when { context.classes.contains("remote") };
`;

export const templateTests: readonly OwnTest[] = [
  {
    name: 'It logs in nowhere',
    pack: 'developer',
    prompt: 'Look how the host is doing',
    tool: 'Bash',
    input: { command: 'ssh web1 uptime' },
    expect: 'deny',
  },
];
