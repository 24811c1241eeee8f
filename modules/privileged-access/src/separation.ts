import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import { PrivilegeError } from './errors.ts';

/**
 * Two sides that nobody may hold together. A side is roles, or actions: somebody is on it who holds one of them. Where a
 * single role stands on both sides, as the administrator's does, that is what the role is made for and no violation.
 */
export type SeparationRule = {
  readonly id: string;
  readonly name: string;
  readonly why: string;
  readonly one: readonly string[];
  readonly other: readonly string[];
};

/** `role:auditor` or `action:vault:manage`. */
const sidePattern = /^(?:role:[a-z][a-z0-9-]{0,63}|action:[a-z][a-z-]{0,31}:[a-z][a-z-]{0,31})$/;
export const separationLimits = { rules: 100, sides: 20, name: 120, why: 1000 } as const;

export type SeparationViolation = { readonly rule: SeparationRule; readonly one: string; readonly other: string };

/** The rules that these roles break together. `actionsOf` tells what a role alone allows. */
export function violationsOf(
  rules: readonly SeparationRule[],
  roles: readonly string[],
  actionsOf: (role: string) => readonly string[],
): SeparationViolation[] {
  const unique = [...new Set(roles)];
  return rules.flatMap((rule) => {
    for (const first of unique) {
      if (!stands(rule.one, first, actionsOf)) continue;
      for (const second of unique) {
        if (first === second || !stands(rule.other, second, actionsOf)) continue;
        // A role that is both by itself brings nothing together.
        if (stands(rule.other, first, actionsOf) || stands(rule.one, second, actionsOf)) continue;
        return [{ rule, one: first, other: second }];
      }
    }
    return [];
  });
}

/** Roles that stand on both sides by themselves. */
export function bothByDesign(
  rule: SeparationRule,
  roles: readonly string[],
  actionsOf: (role: string) => readonly string[],
): string[] {
  return roles.filter((role) => stands(rule.one, role, actionsOf) && stands(rule.other, role, actionsOf));
}

function stands(side: readonly string[], role: string, actionsOf: (role: string) => readonly string[]): boolean {
  if (side.includes(`role:${role}`)) return true;
  const actions = actionsOf(role);
  return side.some((part) => part.startsWith('action:') && actions.includes(part.slice('action:'.length)));
}

/** Rules as a document: `{"rules": [{"id", "name", "why", "one": ["role:…"], "other": […]}]}`. Throws `privilege_rules_invalid`. */
export function readSeparationRules(text: string): SeparationRule[] {
  let read: JsonValue;
  try {
    read = parseJson(text);
  } catch (cause) {
    throw new PrivilegeError('privilege_rules_invalid', 'Cannot read the separation rules: must be JSON', { cause });
  }
  const list = isJsonObject(read) ? read['rules'] : undefined;
  if (!Array.isArray(list))
    throw new PrivilegeError('privilege_rules_invalid', 'Cannot read the separation rules: must have "rules"');
  return checkedRules(list.map(ruleOf));
}

function ruleOf(value: JsonValue): SeparationRule {
  const object = isJsonObject(value) ? value : {};
  return {
    id: textOf(object['id']),
    name: textOf(object['name']),
    why: textOf(object['why']),
    one: textsOf(object['one']),
    other: textsOf(object['other']),
  };
}

/** Throws `privilege_rules_invalid`. */
export function checkedRules(rules: readonly SeparationRule[]): SeparationRule[] {
  const refuse = (why: string): never => {
    throw new PrivilegeError('privilege_rules_invalid', `Cannot take separation rules: ${why}`);
  };
  if (rules.length > separationLimits.rules)
    refuse(`there are ${rules.length}, must be at most ${separationLimits.rules}`);
  const ids = new Set<string>();
  for (const { id, name, why, one, other } of rules) {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id) || ids.has(id))
      refuse(`id "${id.slice(0, 70)}" must be a name of its own`);
    ids.add(id);
    if (name.trim() === '' || name.length > separationLimits.name) refuse(`"${id}" must have a name`);
    if (why.trim() === '' || why.length > separationLimits.why) refuse(`"${id}" must say why`);
    for (const side of [one, other]) {
      if (side.length === 0 || side.length > separationLimits.sides) refuse(`"${id}" must name 1 to 20 on each side`);
      const strange = side.find((part) => !sidePattern.test(part));
      if (strange !== undefined)
        refuse(`"${strange.slice(0, 80)}" in "${id}" must be such as role:auditor or action:vault:manage`);
    }
    const both = one.find((part) => other.includes(part));
    if (both !== undefined) refuse(`"${both}" stands on both sides of "${id}"`);
  }
  return [...rules];
}
