import { ActionIcon } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';

/** The eight bits of one byte, each a button that turns it over. */
export function BitPicker(props: {
  readonly byte: number;
  readonly length: number;
  readonly value: number;
  readonly place: string;
  readonly flippedBit: number | undefined;
  readonly onMove: (byte: number) => void;
  readonly onFlip: (bit: number) => void;
}) {
  const { byte, length, value, place, flippedBit, onMove, onFlip } = props;
  return (
    <div className="stack tight">
      <div className="row">
        <ActionIcon
          variant="default"
          size="lg"
          aria-label="Byte before"
          disabled={byte === 0}
          onClick={() => onMove(byte - 1)}
        >
          <IconChevronLeft size={16} />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size="lg"
          aria-label="Byte after"
          disabled={byte >= length - 1}
          onClick={() => onMove(byte + 1)}
        >
          <IconChevronRight size={16} />
        </ActionIcon>
        <span>
          Byte {byte}{' '}
          <span className="quiet">
            of {length}, in {place}
          </span>
        </span>
      </div>
      <div className="bits" role="group" aria-label={`Bits of byte ${byte}`}>
        {[7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (
          <button
            key={bit}
            type="button"
            className="bit"
            data-flipped={bit === flippedBit}
            aria-pressed={bit === flippedBit}
            aria-label={`${(value >> bit) & 1}, flip bit ${bit}`}
            onClick={() => onFlip(bit)}
          >
            {(value >> bit) & 1}
          </button>
        ))}
      </div>
    </div>
  );
}
