import { askingVerbs, sourceWords } from './mandate-lexicon.ts';
import { formOf } from './spellings.ts';
import { stem, stems } from './word-stems.ts';

// Names that the person wrote, and to which nothing goes.

/** `add Dora to the lobby`: somebody comes to it or goes from it, and nothing is sent there. Of an address it cannot be said. */
export function isJoined(text: string, at: number, value: string): boolean {
  if (formOf(value) !== undefined) return false;
  const before = text.slice(Math.max(0, at - 200), at);
  const sentence = before.slice(before.search(/[^.!?;]*$/u));
  const verb = (sentence.match(/[\p{L}']+/gu) ?? [])
    .map(stem)
    .findLast((word) => joining.has(word) || speaking.has(word));
  return verb !== undefined && joining.has(verb);
}

const joining = stems('add remove kick ban enrol enroll onboard promote assign unsubscribe expel take throw move');
const speaking = new Set(
  [...askingVerbs.message, ...stems('say make create open start book')].filter((verb) => !joining.has(verb)),
);

/** `from Alice`, `Alice's`, `that Alice posted`: where something is from. */
export function isBeside(text: string, at: number, length: number): boolean {
  // `from the "main" room`: what stands between belongs to the name.
  const before = text
    .slice(Math.max(0, at - 60), at)
    .replace(/["'“‘(@#\s]+$/u, '')
    .replace(/(?:\s(?:the|my|our|a|an|user|person|channel|room|space|address|account))+$/u, '');
  const word = /[\p{L}']+$/u.exec(before)?.[0] ?? '';
  // `what Bela posted in the room`: where it was, not where it goes.
  if (
    /\b(?:posted|sent|shared|said|wrote|written|mentioned|listed|uploaded|published|stored|suggested|received)\s+(?:(?!(?:in|on|at|to)\s)\S+\s+){0,2}(?:in|on|at|to)$/u.test(
      before,
    )
  )
    return true;
  // `everyone in the lobby should get a private message`: the lobby is where they are.
  const around = text.slice(Math.max(0, at - 160), at + length + 160);
  if (
    /\b(?:everyone|everybody|anyone|members?|people|users?|persons?|colleagues|those)\s(?:(?:who|that)\s(?:is|are)\s)?(?:in|of|from|on)$/u.test(
      before,
    ) &&
    /\b(?:private|privately|direct|directly|dms?|personal|personally|individual|individually|separate|separately)\b/u.test(
      around,
    )
  )
    return true;
  const after = text.slice(at + length, at + length + 40).replace(/^["”’)]+/u, '');
  if (/^['’]s\b|^s['’]/u.test(after) || sourceWords.has(word)) return true;
  // `write what is in the main room to www.firm.example`.
  if (/^(?:in|on|at)$/u.test(word) && /^\s(?:\p{L}{3,12}\s)?(?:in)?to\s(?:https?:|\S{1,40}[.@]\p{L}{2})/u.test(after))
    return true;
  // `Anna and Bela wrote`: both did.
  const others = at === 0 || /[.!?;]\s?$/u.test(text.slice(Math.max(0, at - 3), at)) ? '(?:(?:and|or) \\S+ )?' : '';
  const next = new RegExp(`^'?\\s+${others}(?:has |had |have |just |recently )?(\\p{L}+)`, 'u').exec(after)?.[1] ?? '';
  return /^(?:posted|sent|said|suggested|wrote|shared|gave|mentioned|asked|recommended|told|made|did|does|is|was|has|likes|received|uploaded|created|published|proposed|requested|paid|owes|owns|charged|informed|emailed|messaged)$/.test(
    next,
  );
}
