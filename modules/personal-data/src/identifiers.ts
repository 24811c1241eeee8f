import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { SubjectKind } from './kinds.ts';

/** A name somebody goes by; `shared`: all those together that there was no room for on a day (YYYY-MM-DD). */
export type Identifier = { readonly kind: SubjectKind | 'shared'; readonly value: string };

export const identifierKinds = ['user-name', 'email', 'phone', 'ip', 'custom', 'shared'] as const;

/** What a request or a hold keeps sealed of whom it is about; undefined when it cannot be read any more. */
export function readAbout(text: string): readonly Identifier[] | undefined {
  try {
    const list: unknown = parseJson(textOf(parseJson(text)));
    if (!Array.isArray(list)) return undefined;
    const items: readonly unknown[] = list;
    return items.flatMap((item): Identifier[] => {
      if (!isJsonObject(item)) return [];
      const kind = identifierKinds.find((one) => one === item['kind']);
      return kind === undefined ? [] : [{ kind, value: textOf(item['value']) }];
    });
  } catch {
    return undefined;
  }
}
