/** Names collectors give to the event's `Provider` instead of Sigma's `Provider_Name`. */
const providerNames = ['SourceName', 'ProviderName', 'Provider'] as const;

/**
 * Security event 4688 under the names of the category `process_creation` (Sigma rules specification, "Field Usage", the
 * example of a mapping for built-in Windows events).
 */
const processCreation: readonly (readonly [string, string])[] = [
  ['Image', 'NewProcessName'],
  ['ParentImage', 'ParentProcessName'],
  ['LogonId', 'SubjectLogonId'],
];

/** Every name an alias depends on. */
export const aliasFields: readonly string[] = ['EventID', 'Provider_Name', ...providerNames, ...processCreation.flat()];

/** Second names for fields of this event: alias to the name the event has. An alias never hides a field that is there. */
export function aliasesOf(
  textOf: (field: string) => string | undefined,
  fields: Pick<ReadonlyMap<string, unknown>, 'has'>,
): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  if (!fields.has('EventID')) return aliases;
  const provider = providerNames.find((name) => fields.has(name));
  if (provider !== undefined && !fields.has('Provider_Name')) aliases.set('Provider_Name', provider);
  if (textOf('EventID') === '4688' && fields.has('NewProcessName')) {
    for (const [alias, name] of processCreation) {
      if (fields.has(name) && !fields.has(alias)) aliases.set(alias, name);
    }
  }
  return aliases;
}
