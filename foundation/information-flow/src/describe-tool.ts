import {
  clockNouns,
  directoryNouns,
  nounRules,
  ownNouns,
  placeNouns,
  roleRules,
  sensitiveNouns,
  verbRules,
} from './tool-lexicon.ts';
import type { ArgumentRole, ToolEffect } from './tool-lexicon.ts';
import { stem, stems, wordsOfName } from './word-stems.ts';

/** Words that are verbs in front of a thing, and things behind one. */
const thingsAtTheEnd: ReadonlySet<string> = new Set(['record', 'log', 'label', 'tag']);

/** A tool as it says of itself. Nothing of it is believed where it would loosen. */
export type ToolText = {
  readonly name: string;
  readonly parameters?: readonly string[];
  readonly description?: string;
  readonly annotations?: {
    readonly readOnlyHint?: boolean;
    readonly destructiveHint?: boolean;
    readonly openWorldHint?: boolean;
  };
  readonly vetted?: VettedTool;
};

/** What somebody who read the tool's definition said of it: who keeps what it answers, and what it does besides what its name says. */
export type VettedTool = {
  readonly answers?: Exclude<ToolDescription['answers'], 'content'>;
  readonly effects?: readonly ToolEffect[];
};

export type ToolDescription = {
  readonly name: string;
  /** What it does: what its name says first, then what was found beside. */
  readonly effects: readonly ToolEffect[];
  /** Those that the name itself says; what a person asks for is measured by them. */
  readonly asked: readonly ToolEffect[];
  /** The verb of the name, stemmed, and the stems of its other words. */
  readonly verb: string | undefined;
  readonly nouns: readonly string[];
  /** Its results are the person's own affairs. */
  readonly isSensitive: boolean;
  /** Who keeps what it answers: a directory, the clock, one's own account; `content` is what others write. */
  readonly answers: 'directory' | 'clock' | 'own' | 'content';
  /** Nothing in its name told what it does. */
  readonly isUnclear: boolean;
  /** Each rule that spoke, for people. */
  readonly why: readonly string[];
};

/**
 * What a tool does that nobody described to us. The name decides; the description and annotations can add effects and never take one
 * away, for who wrote them may be who attacks.
 */
export function describeTool(tool: ToolText): ToolDescription {
  const words = wordsOfName(tool.name.replace(/^mcp__.*?__/, ''));
  const why: string[] = [];
  const effects: ToolEffect[] = [];
  const add = (effect: ToolEffect, reason: string): void => {
    if (effects.includes(effect)) return;
    effects.push(effect);
    why.push(`${effect}: ${reason}`);
  };
  // `hotel_reviews` is a thing, not a reviewing; `patient_record` one that is read.
  const at = words.findIndex(
    (word, index) =>
      !(index > 0 && index === words.length - 1 && thingsAtTheEnd.has(word)) &&
      !/[^s]s$/.test(word) &&
      verbRules.some(({ verbs }) => verbs.has(stem(word))),
  );
  // A name without a verb is a thing; what is done with it, its description begins with. A liar could as well have lied in the name.
  const verbWord = words[at] ?? /^\W*(\p{L}+)/u.exec(tool.description ?? '')?.[1]?.toLowerCase();
  const verb = verbWord === undefined ? undefined : stem(verbWord);
  const isMoving = isMovingOfPeople(words, at, tool.parameters);
  const rule =
    verb === undefined
      ? undefined
      : verbRules.find(({ effect, verbs }) => (isMoving ? effect === 'write' : verbs.has(verb)));
  const nouns = words.filter((_, index) => index !== at).map(stem);
  const roles = new Set((tool.parameters ?? []).map((name) => roleOf(name).role));

  if (rule?.effect !== 'read') {
    // What is changed weighs more than the verb: money that is scheduled is paid, a password that is sent is still one.
    for (const { effect, nouns: known, why: says } of nounRules) {
      const noun = nouns.find((word) => known.has(word));
      if (noun === undefined || (effect === 'message' && rule?.effect !== 'write')) continue;
      if (effect === 'message' && !createsSomething.has(verb ?? '')) continue;
      if (effect === 'grant' && rule?.effect === 'pay') continue;
      add(effect, `"${noun}" ${says}`);
    }
  }
  if (rule !== undefined) {
    const isMoney = effects.includes('pay') && (rule.effect === 'message' || rule.effect === 'write');
    if (!isMoney && !(effects.includes('credential') && rule.effect === 'write'))
      add(rule.effect, `"${verbWord ?? ''}" ${rule.why}`);
  } else add('other', 'no word of its name says what it does');
  // `write_to_group(group, text)`: what is written where others read it is sent. A thing that is written, a file or an object, is none.
  if (speakingVerbs.has(verb ?? '') && roles.has('content') && roles.has('destination') && !roles.has('object')) {
    effects.splice(0, effects.length, ...effects.filter((effect) => effect !== 'write'));
    add('message', `"${verbWord ?? ''}" with whom and what is sending`);
  }
  if (rule?.effect === 'read' && roles.has('address')) add('network', 'it reads from an address that is given');
  if (rule?.effect === 'read' && nouns.some((noun) => webNouns.has(noun)) && roles.has('object'))
    add('network', 'it reads from the web');
  if (rule?.effect === 'write' && peopleVerbs.has(verb ?? '') && nouns.some((noun) => directoryNouns.has(noun)))
    add('grant', `it adds somebody to something`);
  const asked = [...effects];
  for (const [effect, says] of effectsOfText(tool.description ?? '')) add(effect, says);
  if (tool.annotations?.destructiveHint === true && rule?.effect !== 'read')
    add('delete', 'it calls itself destructive');
  if (tool.annotations?.openWorldHint === true && rule?.effect !== 'read')
    add('message', 'it says it reaches the outside');
  if (tool.annotations?.readOnlyHint === false && rule?.effect === 'read')
    add('write', 'it says it does not only read');
  for (const effect of tool.vetted?.effects ?? []) add(effect, 'whoever approved it says so');
  const isReading = effects.every((effect) => effect === 'read' || effect === 'network');
  return {
    name: tool.name,
    effects,
    asked,
    verb,
    nouns,
    isSensitive: nouns.some((noun) => sensitiveNouns.has(noun)),
    answers: isReading
      ? (tool.vetted?.answers ?? answersOf({ words, verb, nouns, effects, takes: tool.parameters?.length ?? 0 }))
      : 'content',
    isUnclear: rule === undefined,
    why,
  };
}

/** `transfer_call`, `transfer_patient`: people and their affairs are brought elsewhere, where nothing of the tool speaks of money or of an owner. */
function isMovingOfPeople(words: readonly string[], at: number, parameters: readonly string[] | undefined): boolean {
  const others = words.filter((_, index) => index !== at).map(stem);
  return (
    words[at] === 'transfer' &&
    others.length > 0 &&
    others.every((word) => movedAlong.has(word)) &&
    parameters !== undefined &&
    parameters.length > 0 &&
    parameters.every((name) => ['object', 'time', 'setting', undefined].includes(roleOf(name).role)) &&
    !parameters.some((name) => wordsOfName(name).some((word) => ofMoney.has(stem(word))))
  );
}

const movedAlong = stems(
  'patient resident inmate prisoner student pupil passenger guest caller call case ticket animal',
);
const ofMoney = stems(
  'money amount sum fund balance currency coin token credit point share wallet account bank iban owner',
);
const createsSomething = new Set(['create', 'new', 'make', 'add', 'draft', 'write'].map(stem));
const peopleVerbs = new Set(['add', 'set', 'assign', 'join', 'enable'].map(stem));
const webNouns = new Set(['webpage', 'website', 'web', 'url', 'page', 'http'].map(stem));

const speakingVerbs = new Set(['write', 'put', 'leave'].map(stem));
/** What such a verb brings is what stands in the thing, not that there is one. */
const openingVerbs = new Set(
  'read open fetch load browse summarize summarise view check watch export scan'.split(' ').map(stem),
);
const looking = new Set('search find lookup query resolve count'.split(' ').map(stem));

/**
 * Only where every noun speaks of the directory: `get_channels` does, `read_channel_messages` is what its members wrote, and so are
 * `read_channel` and `get_channel` of a given one, as far as anybody can tell.
 */
function answersOf({
  words,
  verb = '',
  nouns,
  effects,
  takes,
}: {
  readonly words: readonly string[];
  readonly verb: string | undefined;
  readonly nouns: readonly string[];
  readonly effects: readonly ToolEffect[];
  readonly takes: number;
}): ToolDescription['answers'] {
  if (
    effects.includes('network') ||
    (openingVerbs.has(verb) && !nouns.every((noun) => clockNouns.has(noun) || ownNouns.has(noun)))
  )
    return 'content';
  const known = nouns.filter((noun) => !fillers.has(noun));
  if (known.length === 0) return 'content';
  if (known.every((noun) => clockNouns.has(noun))) return 'clock';
  if (known.every((noun) => ownNouns.has(noun))) return 'own';
  if (!known.every((noun) => directoryNouns.has(noun))) return 'content';
  const isOnePlace =
    takes > 0 &&
    !looking.has(verb) &&
    known.every((noun) => placeNouns.has(noun)) &&
    !words.some((word) => word.endsWith('s') && placeNouns.has(stem(word)));
  return isOnePlace ? 'content' : 'directory';
}

const fillers = new Set(
  'current in by name email id all of for the my to from with list info information local on'.split(' ').map(stem),
);

/** What a description says the tool does besides: a sentence that begins with, or goes on to, such a verb. */
function effectsOfText(description: string): [ToolEffect, string][] {
  const found: [ToolEffect, string][] = [];
  const prose = description.split(/\n\s*(?:Output schema|Returns|Args|Parameters)\b/i)[0] ?? '';
  for (const { effect, verbs, why } of sideEffects) {
    const [said] = verbs.exec(prose.slice(0, 4000)) ?? [];
    if (said !== undefined) found.push([effect, `its description ${why}: "${said.trim().slice(0, 60)}"`]);
  }
  return found;
}

const sideEffects: readonly { readonly effect: ToolEffect; readonly verbs: RegExp; readonly why: string }[] = [
  {
    effect: 'message',
    verbs:
      /(?:^|[.;]\s+)(?:it |this |and |also |will |automatically )*(?:sends?|e-?mails?|notif(?:y|ies)|posts?|publish(?:es)?|forwards?)\b|\b(?:also|and|will|then|automatically) (?:also |then |automatically )?(?:sends?|e-?mails?|notif(?:y|ies)|invites?) (?:an? |the |all |new |its |every )?\w+/i,
    why: 'says that it sends',
  },
  {
    effect: 'delete',
    verbs:
      /(?:^|[.;]\s+)(?:it |this |and |also |will |permanently )*(?:deletes?|removes?|erases?|wipes?|destroys?|drops?)\b/i,
    why: 'says that it takes away',
  },
  {
    effect: 'pay',
    verbs:
      /(?:^|[.;]\s+)(?:it |this |and |also |will )*(?:transfers? (?:money|funds)|pays?|charges?|purchases?|buys?|bills? the)\b/i,
    why: 'says that it moves money',
  },
  {
    effect: 'execute',
    verbs:
      /(?:^|[.;]\s+)(?:it |this |and |also |will )*(?:executes?|runs?|evaluates?) (?:an? |the |any |arbitrary |shell |python |sql )*(?:command|code|script|program|statement|query)/i,
    why: 'says that it runs something',
  },
];

const naming = new Set(['id', 'name', 'handle', 'uid', 'key']);
const reaching = new Set(
  'recipient participant attendee invitee guest channel user member collaborator assignee receiver beneficiary payee destination account chat contact team'
    .split(' ')
    .map(stem),
);

/** What a parameter is for, and the rule that says so. */
export function roleOf(name: string): { readonly role: ArgumentRole | undefined; readonly why: string } {
  const words = wordsOfName(name).map(stem);
  const last = words.at(-1) ?? '';
  // `channel_id` is a channel and `recipient_name` a recipient; `email_id` is a thing in a mailbox.
  const whom = naming.has(last) ? words.slice(0, -1).find((word) => reaching.has(word)) : undefined;
  if (whom !== undefined) return { role: 'destination', why: `"${name}" chooses whom or where` };
  // The last word is what it is; one before it says of what.
  for (const word of [last, ...words.slice(0, -1).toReversed()]) {
    const rule = roleRules.find(({ names }) => names.has(word));
    if (rule !== undefined) return { role: rule.role, why: `"${name}" ${rule.why}` };
  }
  return { role: undefined, why: `"${name}" says nothing` };
}
