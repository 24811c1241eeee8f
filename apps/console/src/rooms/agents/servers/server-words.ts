import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import type { ServerTool, ToolServer, ToolView } from './servers-query.ts';

export const serverStateWords: Readonly<Record<ToolServer['state'], string>> = {
  quarantined: 'waits for a decision',
  approved: 'approved',
  blocked: 'blocked',
};

export const toolStateWords: Readonly<Record<ServerTool['state'], string>> = {
  approved: 'approved',
  new: 'new, not let',
  changed: 'changed, not let',
  blocked: 'blocked',
};

export const weightWords = { grave: 'Grave', notable: 'Notable', minor: 'Small' } as const;

export const changeWords: Readonly<Record<ToolView['changes'][number]['kind'], string>> = {
  renamed: 'It has another name',
  title_changed: 'Its title changed',
  words_changed: 'The words changed that the model reads',
  layout_changed: 'Only the white space changed',
  parameter_added: 'It takes another parameter',
  parameter_removed: 'It takes a parameter less',
  parameter_required: 'A parameter must be given now',
  parameter_optional: 'A parameter may be left out now',
  type_changed: 'A parameter is of another type',
  enum_widened: 'More values are allowed',
  enum_narrowed: 'Fewer values are allowed',
  default_changed: 'The value used by itself changed',
  closed_opened: 'It takes parameters now that it does not name',
  hint_turned: 'What it claims to do turned around',
  annotation_changed: 'An annotation changed',
  icons_changed: 'Its pictures changed',
  media_type_changed: 'It is said to be of another type',
  schema_changed: 'Its schema changed',
};

const findingWords: Readonly<Record<string, string>> = {
  zero_width: 'Signs without width',
  bidi: 'Signs that turn the text around',
  tag: 'Unseen tag signs',
  variation_selector: 'Unseen selectors, which can carry bytes',
  terminal: 'A command to a terminal',
  control: 'Control or private signs',
  comment: 'A comment that a page would not show',
  white_space: 'White space that moves text out of sight',
  overrides: 'Asks to ignore instructions',
  secrecy: 'Asks to keep something from the person',
  precondition: 'Wants something done before or after other tools',
  command: 'Gives the model orders',
  markup: 'Looks like a message of the system',
  credentials: 'Speaks of keys',
  conversation: 'Asks for the conversation',
  sends: 'Says where something is to be sent',
  encoded: 'A long run that nobody can read',
  scripts: 'Letters of several alphabets in one name',
  name: 'Signs that names of tools do not have',
};

export const kindWords: Readonly<Record<ServerTool['kind'], string>> = {
  tool: 'Tool',
  instructions: 'Instructions for the model',
  prompt: 'Prompt',
  resource: 'Resource',
  resource_template: 'Resources like',
};

export function findingName(what: string): string {
  return findingWords[what] ?? what;
}

export function pinnedName({ kind, name }: Pick<ServerTool, 'kind' | 'name'>): string {
  if (kind === 'tool') return printable(name);
  return kind === 'instructions' ? 'its instructions' : `${kindWords[kind].toLowerCase()} ${printable(name)}`;
}

/** How its tools stand, the ones somebody has to look at first; and what else it offers, where it does. */
export function toolsWords({ tools, offers }: Pick<ToolServer, 'tools' | 'offers'>): string {
  const others = standsWords(offers, 'other thing');
  return `${standsWords(tools, 'tool')}${total(offers) === 0 ? '' : ` · ${others}`}`;
}

function total({ approved, blocked, changed, new: fresh }: ToolServer['tools']): number {
  return approved + blocked + changed + fresh;
}

function standsWords(tools: ToolServer['tools'], what: string): string {
  const said = [
    tools.changed === 0 ? '' : `${tools.changed} changed`,
    tools.new === 0 ? '' : `${tools.new} new`,
    tools.approved === 0 ? '' : `${tools.approved} approved`,
    tools.blocked === 0 ? '' : `${tools.blocked} blocked`,
  ].filter((part) => part !== '');
  return `${plural(total(tools), what)}${said.length === 0 ? '' : `: ${said.join(', ')}`}`;
}

export const answersWords = {
  content: 'what others write: trusted nowhere',
  directory: 'a directory: who or what there is',
  own: 'one’s own account',
  clock: 'the clock',
} as const satisfies Record<ToolView['does']['answers'], string>;

/** Something somebody has to decide first, then by when it was seen. */
export function byNeed(servers: readonly ToolServer[]): ToolServer[] {
  const waits = ({ tools, offers }: ToolServer): number => tools.changed + tools.new + offers.changed + offers.new;
  const need = (server: ToolServer): number =>
    server.state === 'quarantined' ? 2 : server.state === 'approved' && waits(server) > 0 ? 1 : 0;
  return servers.toSorted((a, b) => need(b) - need(a) || b.last_seen_at_ms - a.last_seen_at_ms);
}
