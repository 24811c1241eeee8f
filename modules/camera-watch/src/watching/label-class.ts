import type { PerceivedObject } from '../perception/perceived.ts';

/** What labels stand for. `weapon_class` is a thing that may serve as a weapon: low confidence, never proof. */
export const labelClasses = ['person', 'vehicle', 'animal', 'bag', 'weapon_class'] as const;
export type LabelClass = PerceivedObject['group'];

/** Of a zone for which nobody chose. */
const usual: ReadonlySet<LabelClass> = new Set(['person', 'vehicle', 'animal', 'weapon_class']);

/** Whether a list of labels or classes means this one; an empty list means persons, vehicles, animals and weapon-class. */
export function wantsLabel(
  labels: readonly string[],
  { label, group }: Pick<PerceivedObject, 'label' | 'group'>,
): boolean {
  return labels.length === 0 ? usual.has(group) : labels.includes(label) || labels.includes(group);
}
