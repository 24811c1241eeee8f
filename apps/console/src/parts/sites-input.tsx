import { TagsInput } from '@mantine/core';
import { useSites } from './use-sites.ts';

/** The only sites something is for, chosen or typed; none: everywhere. */
export function SitesInput({
  value,
  onChange,
}: {
  readonly value: readonly string[];
  readonly onChange: (sites: string[]) => void;
}) {
  const sites = useSites();
  const unknown = sites === undefined ? [] : value.filter((site) => !sites.includes(site));
  return (
    <TagsInput
      label="Only at these sites"
      description={
        unknown.length === 0
          ? 'None: everywhere. With some, it is for the cameras, devices, events and alerts there alone.'
          : `Nothing stands at “${unknown.join('”, “')}” yet. Sites are compared letter by letter.`
      }
      placeholder={value.length === 0 ? 'Everywhere' : ''}
      data={sites ?? []}
      maxTags={100}
      // Below it stands the button that ends the form.
      comboboxProps={{ position: 'top' }}
      value={[...value]}
      onChange={(chosen) =>
        onChange(chosen.map((site) => site.trim()).filter((site) => site !== '' && site.length <= 60))
      }
    />
  );
}
