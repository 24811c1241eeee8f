import { isJsonObject, parseJson, type JsonValue } from '@sallyport/contracts';
import type { AccessDecision } from './access-request.ts';
import type { CedarQuestion } from './entities.ts';
import type { ReadPolicy } from './read-policies.ts';

/** Something a deciding policy looks at, as it was. Undefined: nobody could tell. */
export type FactSeen = {
  readonly of: 'principal' | 'resource' | 'context';
  readonly name: string;
  readonly value: JsonValue | undefined;
};

export type Explanation = {
  readonly decision: AccessDecision;
  /** Those that decided. */
  readonly policies: readonly {
    readonly id: string;
    readonly words: string;
    readonly effect: 'permit' | 'forbid';
    readonly own: boolean;
    readonly file: string;
    readonly line: number;
    readonly text: string;
    readonly facts: readonly FactSeen[];
  }[];
  /** Of the one who asks: the roles that counted here. */
  readonly roles: readonly string[];
};

/** Which policies decided and what they looked at: each attribute that stands in their conditions, with its value in this question. */
export function explainQuestion(
  question: CedarQuestion,
  decision: AccessDecision,
  policies: ReadonlyMap<string, ReadPolicy>,
): Omit<Explanation, 'decision'> {
  const valueOf = ({ of, name }: Omit<FactSeen, 'value'>): JsonValue | undefined => {
    const wanted = of === 'context' ? undefined : question[of];
    const held: unknown =
      wanted === undefined
        ? question.context
        : question.entities.find(({ uid }) => JSON.stringify(uid) === JSON.stringify(wanted))?.attrs;
    const record = parseJson(JSON.stringify(held ?? {}));
    return isJsonObject(record) ? record[name] : undefined;
  };
  const asking = question.entities.find(({ uid }) => JSON.stringify(uid) === JSON.stringify(question.principal));
  return {
    policies: decision.policies.flatMap((id) => {
      const policy = policies.get(id);
      if (policy === undefined) return [];
      const { words, effect, own, file, line, text } = policy;
      const facts = attributesRead(policy).map((fact) => ({ ...fact, value: valueOf(fact) }));
      return [{ id, words, effect, own, file, line, text, facts }];
    }),
    roles: (asking?.parents ?? []).flatMap((parent) =>
      'id' in parent && parent.type === 'Sallyport::Role' ? [parent.id] : [],
    ),
  };
}

function attributesRead({ json }: ReadPolicy): Omit<FactSeen, 'value'>[] {
  const found = new Map<string, Omit<FactSeen, 'value'>>();
  const walk = (value: JsonValue | undefined): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isJsonObject(value)) return undefined;
    for (const key of ['.', 'has']) {
      const read = value[key];
      if (!isJsonObject(read) || !isJsonObject(read['left'])) continue;
      const { Var: of } = read['left'];
      const attrs: readonly unknown[] = Array.isArray(read['attr']) ? read['attr'] : [read['attr']];
      const [attr] = attrs;
      if ((of === 'principal' || of === 'resource' || of === 'context') && typeof attr === 'string')
        found.set(`${of}.${attr}`, { of, name: attr });
    }
    return Object.values(value).forEach(walk);
  };
  walk(parseJson(JSON.stringify(json.conditions)));
  return [...found.values()];
}
