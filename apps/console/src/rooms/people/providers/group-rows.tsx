import { Button, NativeSelect, TextInput } from '@mantine/core';
import type { ProviderDraft } from './provider-draft.ts';

type Groups = ProviderDraft['groups'];

/** Which group gives which role. */
export function GroupRows({
  groups,
  roles,
  onChange,
}: {
  readonly groups: Groups;
  readonly roles: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (groups: Groups) => void;
}) {
  const set = (at: number, changes: Partial<Groups[number]>): void =>
    onChange(groups.map((one, index) => (index === at ? { ...one, ...changes } : one)));
  return (
    <div className="stack tight" role="group" aria-label="Groups and roles">
      {groups.map((one, at) => (
        // Rows have no name of their own while they are typed.
        <div key={at} className="row form-row">
          <TextInput
            className="grow"
            label={at === 0 ? 'Group, exactly' : undefined}
            aria-label={`Group ${at + 1}, exactly`}
            spellCheck={false}
            value={one.group}
            onChange={(event) => set(at, { group: event.currentTarget.value })}
          />
          <NativeSelect
            label={at === 0 ? 'Gives' : undefined}
            aria-label={`Role of group ${at + 1}`}
            value={one.role}
            data={[...roles]}
            onChange={(event) => set(at, { role: event.currentTarget.value })}
          />
          <Button
            variant="default"
            aria-label={`Remove group ${at + 1}`}
            onClick={() => onChange(groups.filter((_, index) => index !== at))}
          >
            Remove
          </Button>
        </div>
      ))}
      <div>
        <Button
          variant="default"
          size="compact-sm"
          onClick={() =>
            onChange([...groups, { group: '', role: roles.find(({ value }) => value === 'viewer')?.value ?? '' }])
          }
        >
          Map a group
        </Button>
      </div>
    </div>
  );
}
