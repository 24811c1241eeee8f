import { toolEffects } from '@sallyport/information-flow';
import { canonicalText, changeKinds, hiddenKinds, weights } from '@sallyport/tool-pins';
import type { TextPart } from '@sallyport/tool-pins';
import { Type, type Static } from 'typebox';
import { shownTarget } from './shown-target.ts';
import type { ServerOverview, ToolOverview, ToolView } from './show-server.ts';
import { pinnedKinds, pinStates, serverStates } from './tool-server.ts';
import type { Decided, PinnedDefinition, Sighting } from './tool-server.ts';

export const trustedAnswers = ['directory', 'clock', 'own', 'content'] as const;
const toolStates = ['approved', 'new', 'changed', 'blocked'] as const;

const Parts = Type.Array(
  Type.Object({
    change: Type.Enum(['same', 'removed', 'added']),
    text: Type.String({ description: 'As it stands; where it hides, what it is, in signs that are seen' }),
    hidden: Type.Optional(Type.Enum([...hiddenKinds])),
  }),
  { description: 'A text laid over the one before it, with nothing hidden in it' },
);
const Decision = Type.Object({ by: Type.String(), at_ms: Type.Integer(), reason: Type.String() });
const FirstSeen = Type.Object(
  { session: Type.String(), agent: Type.String(), owner: Type.String() },
  { description: 'The run that met it first' },
);
const Counts = Type.Object({
  approved: Type.Integer(),
  new: Type.Integer(),
  changed: Type.Integer(),
  blocked: Type.Integer(),
});
const server = {
  id: Type.String(),
  name: Type.String(),
  transport: Type.Enum(['stdio', 'http']),
  target: Type.String({ description: 'Command line or address; values that look like keys are left out' }),
  state: Type.Enum([...serverStates]),
  lets_new: Type.Boolean({ description: 'Tools it gets later are let at once, unless something about them is odd' }),
  protocol: Type.String(),
  says: Type.Optional(Type.String({ description: 'What it calls itself' })),
  first_seen: FirstSeen,
  first_seen_at_ms: Type.Integer(),
  last_seen_at_ms: Type.Integer(),
  decided: Type.Optional(Decision),
  tools: Counts,
  offers: Type.Object(Counts.properties, {
    description: 'Of its instructions, prompts, resources and templates of resources',
  }),
  warnings: Type.Integer({ description: 'Things somebody should look at, of tools that nobody decided about' }),
  looks_like: Type.Array(Type.Object({ id: Type.String(), name: Type.String() }), {
    description: 'Other servers of this name, or of one it can be taken for',
  }),
};
export const ShownServer = Type.Object(server);

const Likenesses = Type.Array(
  Type.Object({ server: Type.String(), tool: Type.String(), how: Type.Enum(['same', 'looks_alike']) }),
  { description: 'Tools that its name is that of, or can be taken for' },
);
const tool = {
  id: Type.String(),
  kind: Type.Enum([...pinnedKinds]),
  name: Type.String(),
  state: Type.Enum([...toolStates], {
    description: '`new`: nobody decided; `changed`: it says something else than what was approved',
  }),
  digest: Type.String({ description: 'Of what it says now: what an approval names' }),
  warnings: Type.Integer(),
  description: Parts,
  looks_like: Likenesses,
  last_seen_at_ms: Type.Integer(),
};
const ShownTool = Type.Object(tool);
export const ShownServerWithTools = Type.Object({
  ...server,
  each: Type.Array(ShownTool, { description: 'Its tools' }),
  offered: Type.Array(ShownTool, {
    description:
      'Its instructions, prompts, resources and templates of resources; the name of a resource is its address',
  }),
});

const Definition = Type.Object({
  digest: Type.String(),
  state: Type.Enum([...pinStates]),
  first_seen: FirstSeen,
  first_seen_at_ms: Type.Integer(),
  last_seen_at_ms: Type.Integer(),
  decided: Type.Optional(Decision),
});
const Effect = Type.Enum([...toolEffects]);
export const ShownToolView = Type.Object({
  ...tool,
  parameters: Type.Array(
    Type.Object({ name: Parts, type: Type.String(), required: Type.Boolean(), description: Parts }),
  ),
  canonical: Type.String({ description: 'All it says now, as JSON in one order (RFC 8785): what the digest is of' }),
  approved: Type.Optional(Definition),
  changes: Type.Array(
    Type.Object({
      kind: Type.Enum([...changeKinds]),
      weight: Type.Enum([...weights]),
      path: Type.String(),
      parts: Parts,
    }),
    { description: 'From what holds, or was seen last, to what it says now; the gravest first' },
  ),
  findings: Type.Array(
    Type.Object({
      kind: Type.Enum(['hidden_text', 'instruction_like', 'mixed_scripts', 'unusual_name']),
      what: Type.String(),
      path: Type.String(),
      start: Type.Integer({ description: 'UTF-16 units' }),
      length: Type.Integer(),
      shown: Type.String(),
    }),
  ),
  does: Type.Object({
    effects: Type.Array(Effect),
    answers: Type.Enum([...trustedAnswers]),
    why: Type.Array(Type.String()),
  }),
  vetted: Type.Object(
    { answers: Type.Optional(Type.Enum([...trustedAnswers])), effects: Type.Array(Effect) },
    { description: 'What whoever approved it said of it' },
  ),
  history: Type.Array(Definition, { description: 'What it said of itself, newest first' }),
});

export function shownServer({
  server: of,
  tools,
  offers,
  warnings,
  looksLike,
}: ServerOverview): Static<typeof ShownServer> {
  return {
    id: of.id,
    name: of.name,
    transport: of.transport,
    target: shownTarget(of.target),
    state: of.state,
    lets_new: of.letsNew,
    protocol: of.protocol,
    ...(of.says === undefined ? {} : { says: of.says }),
    first_seen: sighting(of.firstSeen),
    first_seen_at_ms: of.firstSeenAtMs,
    last_seen_at_ms: of.lastSeenAtMs,
    ...decision(of.decided),
    tools: { ...tools },
    offers: { ...offers },
    warnings,
    looks_like: looksLike.map((other) => ({ ...other })),
  };
}

export function shownTool({ tool: of, state, warnings, description }: ToolOverview): Static<typeof ShownTool> {
  return {
    id: of.id,
    kind: of.kind,
    name: of.name,
    state,
    digest: of.newestDigest,
    warnings,
    description: parts(description),
    looks_like: of.likenesses.map((other) => ({ ...other })),
    last_seen_at_ms: of.lastSeenAtMs,
  };
}

export function shownToolView(view: ToolView): Static<typeof ShownToolView> {
  const { tool: of, newest, does } = view;
  return {
    ...shownTool({ ...view, warnings: newest.warnings }),
    parameters: view.parameters.map(({ name, type, isRequired, description }) => ({
      name: parts(name),
      type,
      required: isRequired,
      description: parts(description),
    })),
    canonical: canonicalText({ ...newest.definition }),
    ...(view.approved === undefined ? {} : { approved: definition(view.approved) }),
    changes: view.changes.map((change) => ({ ...change, parts: parts(change.parts) })),
    findings: view.findings.map((finding) => ({ ...finding })),
    does: { effects: [...does.effects], answers: does.answers, why: [...does.why] },
    vetted: {
      ...(of.vetted.answers === undefined ? {} : { answers: of.vetted.answers }),
      effects: [...(of.vetted.effects ?? [])],
    },
    history: view.history.map(definition),
  };
}

function definition(of: PinnedDefinition): Static<typeof Definition> {
  return {
    digest: of.digest,
    state: of.state,
    first_seen: sighting(of.firstSeen),
    first_seen_at_ms: of.firstSeenAtMs,
    last_seen_at_ms: of.lastSeenAtMs,
    ...decision(of.decided),
  };
}

function parts(of: readonly TextPart[]): Static<typeof Parts> {
  return of.map((part) => ({ ...part }));
}

function sighting(of: Sighting): Static<typeof FirstSeen> {
  return { ...of };
}

function decision(of: Decided | undefined): { decided?: Static<typeof Decision> } {
  return of === undefined ? {} : { decided: { by: of.by, at_ms: of.atMs, reason: of.reason } };
}
