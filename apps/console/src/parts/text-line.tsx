import { printable } from './printable.ts';

/** A line of a text beside the same text at another time; where it stands in each. */
export type TextLine = {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
  readonly before?: number | undefined;
  readonly after?: number | undefined;
};

const marks = { same: ' ', removed: '−', added: '+' } as const;
const words = { same: '', removed: 'removed: ', added: 'added: ' } as const;

/** What became of a line: a sign for who looks, a word for who listens. Never by colour alone. */
export function LineMark({ kind }: Pick<TextLine, 'kind'>) {
  return (
    <>
      <i aria-hidden="true">{marks[kind]}</i>
      <span className="visually-hidden">{words[kind]}</span>
    </>
  );
}

export function MarkedLine({ line }: { readonly line: TextLine }) {
  return (
    <span data-kind={line.kind}>
      <LineMark kind={line.kind} />
      {printable(line.text)}
      {'\n'}
    </span>
  );
}

export function keyOfLine({ before, after }: TextLine): string {
  return `${before ?? ''}/${after ?? ''}`;
}
