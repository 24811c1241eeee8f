import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import { isWarning } from './exception.ts';
import type { ExceptionText, ExceptionVersion, HiddenPosition, Person } from './exception.ts';

/** What of a version is sealed. */
export type SealedVersion = Pick<ExceptionVersion, 'text' | 'madeBy' | 'approvedBy' | 'trial' | 'accepted' | 'origins'>;

type Sealing = { readonly sealingKey: Uint8Array; readonly random: (length: number) => Uint8Array };

export function sealVersion(needs: Sealing, id: string, version: number, sealed: SealedVersion): string {
  return sealText(
    needs,
    rowName(id, version),
    JSON.stringify({ ...sealed, origins: Object.fromEntries(sealed.origins) }),
  );
}

/** Undefined for a row that was damaged: it must neither hide everything nor stop the others. */
export function openVersion(key: Uint8Array, id: string, version: number, sealed: string): SealedVersion | undefined {
  try {
    const opened = parseJson(openText(key, rowName(id, version), sealed));
    const text = isJsonObject(opened) ? textIn(opened['text']) : undefined;
    if (!isJsonObject(opened) || text === undefined) return undefined;
    const trial = opened['trial'];
    return {
      text,
      madeBy: personIn(opened['madeBy']),
      approvedBy: opened['approvedBy'] === undefined ? undefined : personIn(opened['approvedBy']),
      trial: isJsonObject(trial)
        ? { hidden: numberIn(trial, 'hidden'), of: numberIn(trial, 'of'), days: numberIn(trial, 'days') }
        : undefined,
      accepted: textsOf(opened['accepted']).filter(isWarning),
      origins: originsIn(opened['origins']),
    };
  } catch {
    return undefined;
  }
}

function originsIn(value: JsonValue | undefined): ReadonlyMap<string, string> {
  return new Map(Object.entries(isJsonObject(value) ? value : {}).map(([id, origin]) => [id, textOf(origin)]));
}

function textIn(value: JsonValue | undefined): ExceptionText | undefined {
  if (!isJsonObject(value)) return undefined;
  const { rules, untilMs } = value;
  const bound = (name: 'host' | 'user' | 'site') => (typeof value[name] === 'string' ? { [name]: value[name] } : {});
  return {
    name: textOf(value['name']),
    reason: textOf(value['reason']),
    rules: rules === 'all' ? 'all' : textsOf(rules),
    condition: textOf(value['condition']),
    ...bound('host'),
    ...bound('user'),
    ...bound('site'),
    ...(typeof untilMs === 'number' ? { untilMs } : {}),
  };
}

export function personIn(value: JsonValue | undefined): Person {
  const person: JsonObject = isJsonObject(value) ? value : {};
  return { kind: textOf(person['kind']), id: textOf(person['id']), name: textOf(person['name']) };
}

export function positionsIn(text: string): HiddenPosition[] {
  const list = parseJson(text);
  if (!Array.isArray(list)) return [];
  const items: readonly JsonValue[] = list;
  return items.flatMap((item) =>
    isJsonObject(item)
      ? [
          {
            position: { log: numberIn(item, 'log'), index: numberIn(item, 'index') },
            atMs: numberIn(item, 'at'),
            ruleId: textOf(item['rule']),
          },
        ]
      : [],
  );
}

export function positionsText(positions: readonly HiddenPosition[]): string {
  return JSON.stringify(positions.map(({ position, atMs, ruleId }) => ({ ...position, at: atMs, rule: ruleId })));
}

function numberIn(object: JsonObject, name: string): number {
  const value = object[name];
  return typeof value === 'number' ? value : 0;
}

function rowName(id: string, version: number): string {
  return `${id}/${version}`;
}
