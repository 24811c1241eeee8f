import { Button, Checkbox, Modal, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { roleName } from '../../../parts/role-name.ts';
import { span } from './request-words.ts';

export type RoleRule = {
  readonly role: string;
  readonly requestable_by: readonly string[];
  readonly approvers: readonly string[];
  readonly approvals: number;
  readonly max_minutes: number;
  readonly reviewed: boolean;
};

const times = [15, 30, 60, 120, 240, 480, 720];

/** Who asks for one role, who approves it, how many of them, and for how long at most. */
export function RoleRuleForm({
  rule,
  roles,
  problem,
  busy,
  onSave,
  onClose,
}: {
  readonly rule: RoleRule;
  readonly roles: readonly string[];
  readonly problem: unknown;
  readonly busy: boolean;
  readonly onSave: (rule: RoleRule) => void;
  readonly onClose: () => void;
}) {
  const [draft, setDraft] = useState(rule);
  const name = roleName(rule.role);
  const isOrphan = draft.requestable_by.length > 0 && draft.approvers.length === 0;
  return (
    <Modal opened onClose={onClose} title={`Asking for “${name}”`}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onSave(draft);
        }}
      >
        <Roles
          legend="Who may ask"
          roles={roles.filter((role) => role !== rule.role)}
          chosen={draft.requestable_by}
          onChange={(chosen) => setDraft({ ...draft, requestable_by: chosen })}
        />
        <Roles
          legend="Who may approve"
          roles={roles}
          chosen={draft.approvers}
          onChange={(chosen) => setDraft({ ...draft, approvers: chosen })}
        />
        <NativeSelect
          label="How many approve"
          description="What brings a grave right is approved by two, whatever stands here"
          value={String(draft.approvals)}
          data={[
            { value: '1', label: 'One person' },
            { value: '2', label: 'Two people' },
          ]}
          onChange={(event) => setDraft({ ...draft, approvals: Number(event.currentTarget.value) })}
        />
        <NativeSelect
          label="At most for"
          value={String(draft.max_minutes)}
          data={[...new Set([...times, draft.max_minutes])]
            .toSorted((a, b) => a - b)
            .map((time) => ({ value: String(time), label: span(time) }))}
          onChange={(event) => setDraft({ ...draft, max_minutes: Number(event.currentTarget.value) })}
        />
        <Checkbox
          label="Somebody looks afterwards at what was done with it"
          checked={draft.reviewed}
          onChange={(event) => setDraft({ ...draft, reviewed: event.currentTarget.checked })}
        />
        {isOrphan ? <p role="alert">Somebody must be able to approve what others may ask for.</p> : null}
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div className="row">
          <Button type="submit" loading={busy} disabled={isOrphan}>
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

function Roles({
  legend,
  roles,
  chosen,
  onChange,
}: {
  readonly legend: string;
  readonly roles: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}) {
  return (
    <fieldset className="stack tight plain-fieldset">
      <legend>{legend}</legend>
      {roles.map((role) => (
        <Checkbox
          key={role}
          label={roleName(role)}
          checked={chosen.includes(role)}
          onChange={(event) =>
            onChange(event.currentTarget.checked ? [...chosen, role] : chosen.filter((one) => one !== role))
          }
        />
      ))}
    </fieldset>
  );
}
