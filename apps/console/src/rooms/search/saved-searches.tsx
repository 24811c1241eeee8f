import { Button, CloseButton, Modal, TextInput } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconBookmark } from '@tabler/icons-react';
import { useState } from 'react';
import { maxSavedSearches, parseSavedSearches } from './saved-search.ts';
import type { SavedSearch } from './saved-search.ts';

/** Kept in this browser for one person; to share one, send its address. */
export function SavedSearches({
  userId,
  query,
  range,
  onOpen,
}: {
  readonly userId: string;
  readonly query: string;
  readonly range: string | undefined;
  readonly onOpen: (saved: SavedSearch) => void;
}) {
  const [saved, setSaved] = useLocalStorage<readonly SavedSearch[]>({
    // Whoever signs in next on a shared machine does not see what was looked for.
    key: `sallyport.saved-searches.${userId}`,
    defaultValue: [],
    getInitialValueInEffect: false,
    deserialize: parseSavedSearches,
  });
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState('');
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconBookmark size={16} aria-hidden="true" />}
        onClick={() => setOpen(true)}
      >
        Saved{saved.length === 0 ? '' : ` (${saved.length})`}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title="Saved searches">
        <div className="stack">
          <form
            className="row form-row"
            onSubmit={(event) => {
              event.preventDefault();
              const others = saved.filter((entry) => entry.name !== name.trim());
              setSaved([...others, { name: name.trim(), query, range }].slice(-maxSavedSearches));
              setName('');
            }}
          >
            <TextInput
              className="grow"
              label="Save this search as"
              value={name}
              maxLength={80}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" disabled={name.trim() === ''}>
              Save
            </Button>
          </form>
          <p className="quiet small">Kept in this browser. To share one, send its address.</p>
          <ul className="lines">
            {saved.map((entry) => (
              <li key={entry.name}>
                <button
                  type="button"
                  className="plain-button line-main"
                  onClick={() => {
                    setOpen(false);
                    onOpen(entry);
                  }}
                >
                  <span className="line-name">{entry.name}</span>
                  <code className="quiet">{entry.query === '' ? 'everything' : entry.query}</code>
                </button>
                <CloseButton
                  aria-label={`Forget ${entry.name}`}
                  onClick={() => setSaved(saved.filter((other) => other.name !== entry.name))}
                />
              </li>
            ))}
          </ul>
        </div>
      </Modal>
    </>
  );
}
