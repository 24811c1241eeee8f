import { decodedViews } from './decoding/decoded-views.ts';
import type { Encoding } from './finding.ts';

/** What texts have that want to steer a machine that reads them. */
export const signalKinds = [
  'overrides-instructions',
  'addresses-an-assistant',
  'role-marker',
  'tool-call-look-alike',
  'hidden-text',
  'image-exfiltration',
  'secrecy',
  'deferred-task',
] as const;
export type SignalKind = (typeof signalKinds)[number];

/** Weak evidence: honest texts have these too, and clever ones none. Never to decide by. */
export type Signal = {
  readonly kind: SignalKind;
  /** In words that hold nothing of the text. */
  readonly why: string;
  readonly start: number;
  readonly end: number;
  readonly layers: readonly Encoding[];
};

const longestLooked = 400_000;

/** At most one of each kind, the first; decoded before they are looked for. Of a long text the beginning and the end. */
export function signalsOf(text: string): Signal[] {
  const looked =
    text.length <= longestLooked
      ? text
      : `${text.slice(0, longestLooked / 2)}\n${text.slice(text.length - longestLooked / 2)}`;
  const seen = new Map<SignalKind, Signal>();
  const note = (signal: Signal): void => {
    if (!seen.has(signal.kind)) seen.set(signal.kind, signal);
  };
  for (const { kind, pattern, why } of rules) {
    const match = pattern.exec(looked);
    if (match !== null) note({ kind, why, start: match.index, end: match.index + match[0].length, layers: [] });
  }
  for (const view of decodedViews(looked).views) {
    if (view.isBytes) continue;
    for (const { kind, pattern, why } of rules) {
      if (seen.has(kind) || kind === 'hidden-text') continue;
      const match = pattern.exec(view.text);
      if (match === null) continue;
      const place = view.placeOf(match.index, match.index + match[0].length);
      note({ kind, why: `${why}, under ${view.layers.join(' in ')}`, ...place, layers: view.layers });
    }
  }
  return [...seen.values()].toSorted((a, b) => signalKinds.indexOf(a.kind) - signalKinds.indexOf(b.kind));
}

type Rule = { readonly kind: SignalKind; readonly pattern: RegExp; readonly why: string };

// Each repetition is bounded, and none holds another that could match the same.
const rules: readonly Rule[] = [
  {
    kind: 'overrides-instructions',
    pattern:
      /\b(?:ignore|disregard|forget|override|bypass|do not follow|stop following)\s{1,3}(?:\w{1,12}\s{1,3}){0,4}(?:instruction|direction|prompt|rule|guideline|command|polic(?:y|ie)|constraint|restriction|training)s?\b/i,
    why: 'it speaks of setting instructions aside',
  },
  {
    kind: 'overrides-instructions',
    pattern:
      /\b(?:new|updated|real|actual|revised)\s{1,3}(?:system\s{1,3})?(?:instructions?|prompt|directives?)\s{0,3}:|\byou are now\b|\bfrom now on,? you\b|\bdeveloper mode\b|\bjailbr(?:eak|oken)\b/i,
    why: 'it gives new instructions or another role',
  },
  {
    kind: 'addresses-an-assistant',
    pattern:
      /\b(?:note|message|instructions?|attention|dear|hey|hello|hi|important)\b[^.\n]{0,30}\b(?:ai|llm|gpt|claude|gemini|copilot|chatbot|assistants?|agents?|language model)\b|\bif you(?:'| a)re an? (?:ai|llm|assistant|agent|language model|bot)\b|\b(?:ai|llm) (?:agents?|assistants?|models?)\b[^.\n]{0,40}\b(?:must|should|shall|need to|have to|please|are required)\b|\b(?:the|this|any) (?:assistant|agent|model) (?:must|should|shall|has to|needs to|will now)\b/i,
    why: 'it speaks to a machine that reads it',
  },
  {
    kind: 'role-marker',
    pattern:
      /<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|eot_id)[^|>]{0,20}\|>|\[\/?INST\]|<<\/?SYS>>|<\/?(?:system|system-reminder|system_prompt|assistant|human|user_query|instructions|important)>|(?:^|\n)\s{0,8}(?:#{1,4}\s{0,3})?(?:system|assistant|human|developer)\s{0,3}(?:message|prompt)?:|BEGIN SYSTEM PROMPT|\bEND OF (?:DOCUMENT|PROMPT|CONTEXT|INSTRUCTIONS)\b/i,
    why: 'it has marks that divide roles of a conversation',
  },
  {
    kind: 'tool-call-look-alike',
    pattern:
      /<\/?(?:antml:)?(?:function_calls?|function_results?|invoke|tool_call|tool_use|tool_result|tool_response|execute_command)[\s>]|"(?:tool_calls|tool_use|function_call)"\s{0,3}:|"type"\s{0,3}:\s{0,3}"(?:tool_use|tool_result|function_call)"/i,
    why: 'it looks like the call of a tool, or its answer',
  },
  {
    kind: 'hidden-text',
    pattern:
      /[\u{e0020}-\u{e007f}]{3}|[\u202a-\u202e\u2066-\u2069]|[\u200b\u2060\u2061-\u2064\ufeff]{3}|[\u200b\u2060]\w|(?:display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|opacity\s{0,3}:\s{0,3}0(?:\.0\d?)?\s{0,3}[;"']|font-size\s{0,3}:\s{0,3}[01](?:px|pt|em)?\s{0,3}[;"']|(?:left|top|text-indent)\s{0,3}:\s{0,3}-\d{4,6}px)/iu,
    why: 'part of it is not shown to people',
  },
  {
    kind: 'hidden-text',
    pattern: /<!--[^>]{0,400}\b(?:ai|assistant|agent|model|instructions?|ignore|must)\b/i,
    why: 'a comment that is not shown speaks to who reads it',
  },
  {
    kind: 'image-exfiltration',
    pattern:
      /!\[[^\]]{0,200}\]\(\s{0,3}https?:\/\/[^\s)]{3,400}(?:[?&][\w.-]{1,40}=|\{|%7b|<|\$)|<img\b[^>]{0,300}\bsrc\s{0,3}=\s{0,3}["']?https?:\/\/[^"'\s>]{3,400}[?&][\w.-]{1,40}=/i,
    why: 'an image whose address carries something along',
  },
  {
    kind: 'secrecy',
    pattern:
      /\b(?:do not|don't|never|without)\s{1,3}(?:\w{1,10}\s{1,3}){0,2}?(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|alert(?:ing)?|notify(?:ing)?|show(?:ing)?|reveal(?:ing)?|ask(?:ing)?)\s{1,3}(?:\w{1,10}\s{1,3}){0,3}?(?:user|human|person|owner|operator|anyone|them|him|her)\b|\b(?:silently|secretly|quietly|covertly)\s{1,3}\w/i,
    why: 'it asks that something be kept from people',
  },
  {
    kind: 'deferred-task',
    pattern:
      /\b(?:when|once|after|before|while)\s{1,3}(?:you\s{1,3})?(?:are\s{1,3}|have\s{1,3}|'ve\s{1,3})?(?:done|finish\w{0,4}|complet\w{0,5}|summari[sz]\w{0,4}|read\w{0,4}|process\w{0,4}|repl\w{0,4}|respond\w{0,4}|answer\w{0,4})[^.\n]{0,60}\b(?:send|forward|e-?mail|post|upload|share|delete|remove|transfer|pay|invite|run|execute|fetch|visit|open|add)\b/i,
    why: 'it asks for one thing more, once the task is done',
  },
];
