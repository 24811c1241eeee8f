import { Button, Modal, MultiSelect, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { actionWords, knownActions } from '../../../parts/action-words.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { roleName } from '../../../parts/role-name.ts';

export type SeparationRule = {
  readonly id: string;
  readonly name: string;
  readonly why: string;
  readonly one: readonly string[];
  readonly other: readonly string[];
};

/** Two sides that nobody may hold together: roles, or what they may do. */
export function SeparationForm({
  rule,
  roles,
  problem,
  busy,
  onSave,
  onClose,
}: {
  /** Undefined for a new one. */
  readonly rule: SeparationRule | undefined;
  readonly roles: readonly string[];
  readonly problem: unknown;
  readonly busy: boolean;
  readonly onSave: (rule: SeparationRule) => void;
  readonly onClose: () => void;
}) {
  const [draft, setDraft] = useState<SeparationRule>(rule ?? { id: '', name: '', why: '', one: [], other: [] });
  const sides = [
    { group: 'Roles', items: roles.map((role) => ({ value: `role:${role}`, label: roleName(role) })) },
    {
      group: 'What they may do',
      items: knownActions.map((action) => ({ value: `action:${action}`, label: `May ${actionWords(action)}` })),
    },
  ];
  const isWhole = draft.name.trim() !== '' && draft.why.trim() !== '' && draft.one.length > 0 && draft.other.length > 0;
  return (
    <Modal
      opened
      onClose={onClose}
      title={rule === undefined ? 'What nobody may hold together' : `Change “${rule.name}”`}
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onSave({ ...draft, id: draft.id === '' ? idOf(draft.name) : draft.id });
        }}
      >
        <TextInput
          label="What it is called"
          data-autofocus
          maxLength={120}
          value={draft.name}
          onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
        />
        <Textarea
          label="Why"
          description="Whoever is refused reads it"
          maxLength={1000}
          autosize
          minRows={2}
          value={draft.why}
          onChange={(event) => setDraft({ ...draft, why: event.currentTarget.value })}
        />
        <MultiSelect
          label="Whoever has one of these"
          searchable
          hidePickedOptions
          maxValues={20}
          data={sides}
          value={[...draft.one]}
          onChange={(one) => setDraft({ ...draft, one })}
        />
        <MultiSelect
          label="must have none of these"
          searchable
          hidePickedOptions
          maxValues={20}
          data={sides}
          value={[...draft.other]}
          onChange={(other) => setDraft({ ...draft, other })}
        />
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div className="row">
          <Button type="submit" loading={busy} disabled={!isWhole}>
            Save
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** A name of its own as the server wants it; what is left of other scripts is a number. */
function idOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return plain === '' ? `own-${Date.now().toString(36)}` : `own-${plain}`;
}
