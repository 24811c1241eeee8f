import { Button, Modal, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { ReactNode } from 'react';

/** Names the object, says what will happen, and asks why: the answer is kept with the key and in the audit trail. */
export function ReasonDialog({
  title,
  points,
  confirm,
  why = 'kept with it, and in the audit trail',
  isFinal = false,
  isDisabled = false,
  isPending,
  problem,
  onConfirm,
  onClose,
  children,
}: {
  readonly title: string;
  readonly points: readonly string[];
  /** Below the question why. */
  readonly why?: string;
  /** On the button. */
  readonly confirm: string;
  readonly isFinal?: boolean;
  /** While something else is missing than the reason. */
  readonly isDisabled?: boolean;
  readonly isPending: boolean;
  readonly problem: ReactNode;
  readonly onConfirm: (reason: string) => void;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}) {
  const [reason, setReason] = useState('');
  return (
    <Modal opened onClose={onClose} title={title} closeOnClickOutside={false}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm(reason.trim());
        }}
      >
        <ul className="plain-points">
          {points.map((point) => (
            <li key={point}>{point}</li>
          ))}
        </ul>
        {children}
        <Textarea
          label="Why"
          description={why}
          data-autofocus
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {problem}
        <div className="row">
          <Button
            type="submit"
            loading={isPending}
            disabled={isDisabled || reason.trim() === ''}
            {...(isFinal ? { color: 'red' } : {})}
          >
            {confirm}
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}
