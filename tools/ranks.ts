// Who may import whom, in one place. Arrows point down: a package imports packages of lower levels only.
import type { WorkspacePackage } from './workspace.ts';

/** Lowest first. A package's level is the first line its folder matches. */
const levels: readonly { readonly name: string; readonly folders: readonly string[] }[] = [
  { name: 'contracts', folders: ['contracts'] },
  { name: 'foundation', folders: ['foundation/*'] },
  { name: 'platform', folders: ['platform'] },
  { name: 'content', folders: ['content'] },
  { name: 'rank 0', folders: ['modules/ledger', 'modules/key-vault', 'modules/access-policy'] },
  {
    name: 'rank 1',
    folders: [
      'modules/identity',
      'modules/certificate-authority',
      'modules/archive',
      'modules/crypto-inventory',
      'modules/personal-data',
      'modules/retention',
    ],
  },
  {
    name: 'rank 2',
    folders: [
      'modules/event-intake',
      'modules/device-fleet',
      'modules/sign-in-providers',
      'modules/machine-access',
      'modules/access-risk',
      'modules/policy-library',
      'modules/privileged-access',
    ],
  },
  {
    name: 'rank 3',
    folders: [
      'modules/event-search',
      'modules/detection',
      'modules/behaviour',
      'modules/event-forwarding',
      'modules/camera-watch',
      'modules/agent-guard',
    ],
  },
  {
    name: 'rank 4',
    folders: [
      'modules/incident-response',
      'modules/hunting',
      'modules/rule-library',
      'modules/rule-exceptions',
      'modules/threat-coverage',
      'modules/entity-graph',
      'modules/notification',
      'modules/compliance',
    ],
  },
  { name: 'apps', folders: ['apps/*'] },
  { name: 'aside', folders: ['testing', 'bench', 'tools'] },
];

/** The level of a package, or undefined when no line names its folder. */
export function levelOf(folder: string): { readonly name: string; readonly height: number } | undefined {
  const height = levels.findIndex((level) =>
    level.folders.some((pattern) =>
      pattern.endsWith('/*') ? folder.startsWith(pattern.slice(0, -1)) : folder === pattern,
    ),
  );
  const level = levels[height];
  return level === undefined ? undefined : { name: level.name, height };
}

/** Why `from` may not import `to`, or undefined when it may. `inTest`: the importing file is loaded by tests only. */
export function forbiddenArrow(from: WorkspacePackage, to: WorkspacePackage, inTest: boolean): string | undefined {
  const lower = levelOf(to.folder);
  const upper = levelOf(from.folder);
  if (lower === undefined) return `"${to.folder}" has no rank, must be listed in tools/ranks.ts`;
  if (upper === undefined) return `"${from.folder}" has no rank, must be listed in tools/ranks.ts`;
  if (lower.name === 'apps') return 'Nothing may import an app';
  if (upper.name === 'aside') return undefined;
  if (lower.name === 'aside') return inTest ? undefined : `Only tests may import "${to.name}"`;
  if (upper.name === 'foundation') {
    return lower.name === 'foundation' ? undefined : 'A foundation package may import only foundation and npm packages';
  }
  if (upper.name === lower.name) return `Packages of one rank (${upper.name}) may not import each other`;
  if (upper.height < lower.height) return `Arrows point down: ${upper.name} may not import ${lower.name}`;
  return undefined;
}
