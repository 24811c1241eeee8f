import type { CorrelationMember, FieldNames, ResolvedCorrelation, SigmaCorrelation } from '../correlation.ts';
import type { FieldValue, SigmaEvent } from '../event-view.ts';

/** One correlation a match counts for. */
export type CorrelationGroup = {
  readonly correlationId: string;
  /** Place of the rule among the members. */
  readonly member: number;
  /** A hash of the values of the group. */
  readonly group: string;
  /** What `value_*` takes of the event: a number, or a hash of what is told apart. */
  readonly value?: number | string;
  /** The group as people see it: the correlation's names and the values, joined where a field has several. */
  readonly fields: readonly { readonly field: string; readonly value: string }[];
  /** Where the correlation itself counts, if it comes true with this event. */
  readonly chained?: readonly CorrelationGroup[];
};

export type CorrelationGroups = {
  /** Ids of rules and correlations that only feed correlations. */
  readonly silenced: ReadonlySet<string>;
  /** Where a match of the rule counts. An event that lacks a field of the grouping, or what is counted, counts nowhere. */
  of(ruleId: string, event: SigmaEvent): CorrelationGroup[];
};

type Feeding = { readonly correlation: SigmaCorrelation; readonly member: CorrelationMember; readonly place: number };

/** `hash` makes the same short text of the same values, and cannot be turned round. */
export function createCorrelationGroups(
  resolved: readonly ResolvedCorrelation[],
  hash: (text: string) => string,
): CorrelationGroups {
  const feeding = new Map<string, Feeding[]>();
  const silenced = new Set<string>();
  const generating = new Set<string>();
  for (const { correlation, members } of resolved) {
    for (const [place, member] of members.entries()) {
      feeding.set(member.ruleId, [...(feeding.get(member.ruleId) ?? []), { correlation, member, place }]);
      (correlation.generate ? generating : silenced).add(member.ruleId);
    }
  }

  function of(ruleId: string, event: SigmaEvent): CorrelationGroup[] {
    return (feeding.get(ruleId) ?? []).flatMap((fed) => groupOf(fed, event) ?? []);
  }

  function groupOf({ correlation, member, place }: Feeding, event: SigmaEvent): CorrelationGroup | undefined {
    const group = valuesOf(event, member.groupFields);
    const value = valueOf(correlation, member, event);
    if (group === undefined || value === undefined) return undefined;
    const chained = of(correlation.id, event);
    return {
      correlationId: correlation.id,
      member: place,
      group: hashOf(group),
      ...(value === '' ? {} : { value }),
      fields: group.map((values, index) => ({
        field: correlation.groupBy[index] ?? '',
        value: values.map(({ text }) => text).join(', '),
      })),
      ...(chained.length === 0 ? {} : { chained }),
    };
  }

  /** Empty: nothing is taken of the event. Undefined: it has not got what is. */
  function valueOf(
    correlation: SigmaCorrelation,
    member: CorrelationMember,
    event: SigmaEvent,
  ): number | string | undefined {
    if (member.valueFields.length === 0) return '';
    const values = valuesOf(event, member.valueFields);
    if (values === undefined) return undefined;
    const isShare = correlation.type === 'value_percentile' && correlation.percentile === undefined;
    if (correlation.type === 'value_count' || isShare) return hashOf(values);
    const [first] = values[0] ?? [];
    return first === undefined ? undefined : numberIn(first);
  }

  function hashOf(values: readonly (readonly FieldValue[])[]): string {
    return hash(JSON.stringify(values.map((list) => list.map(({ folded }) => folded()))));
  }

  // Set.prototype.difference is younger than the oldest Node the command line runs on.
  return { silenced: new Set([...silenced].filter((id) => !generating.has(id))), of };
}

/** A number, or a text that is nothing else. */
function numberIn({ scalar, text }: FieldValue): number | undefined {
  if (typeof scalar === 'boolean' || text.trim() === '') return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

function valuesOf(event: SigmaEvent, fields: readonly FieldNames[]): (readonly FieldValue[])[] | undefined {
  const found: (readonly FieldValue[])[] = [];
  for (const names of fields) {
    const values = firstOf(event, names);
    if (values === undefined) return undefined;
    found.push(values);
  }
  return found;
}

function firstOf(event: SigmaEvent, names: FieldNames): readonly FieldValue[] | undefined {
  for (const name of names) {
    const values = event.valuesOf(name)?.filter(({ scalar }) => scalar !== null) ?? [];
    if (values.length > 0) return values;
  }
  return undefined;
}
