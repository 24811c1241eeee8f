import { printable } from '../../../parts/printable.ts';
import type { TextPart } from './servers-query.ts';

/**
 * A text in which nothing hides: what cannot be seen stands in a frame, as what it is. `side`: of two texts laid over each other the one
 * before or after, with what differs marked.
 */
export function TextParts({
  parts,
  side,
}: {
  readonly parts: readonly TextPart[];
  readonly side?: 'removed' | 'added';
}) {
  return (
    <span className="pinned-text">
      {parts.map((part, index) => {
        if (side !== undefined && part.change !== 'same' && part.change !== side) return null;
        const text = part.hidden === undefined ? lines(part.text) : printable(part.text);
        const shown =
          part.hidden === undefined ? (
            text
          ) : (
            <span className="hidden-sign">
              <span className="visually-hidden">hidden: </span>
              {text}
            </span>
          );
        // Parts never change place: there is one list for each text.
        const key = `${index} ${part.change}`;
        if (side === undefined || part.change === 'same') return <span key={key}>{shown}</span>;
        return side === 'removed' ? <del key={key}>{shown}</del> : <ins key={key}>{shown}</ins>;
      })}
    </span>
  );
}

/** Line breaks stay; everything else that has no shape is written as its number. */
function lines(text: string): string {
  return text.replaceAll('\t', '    ').split(/\r?\n/).map(printable).join('\n');
}

/** A text before and after, beside each other; on a phone below. */
export function BeforeAfter({ parts }: { readonly parts: readonly TextPart[] }) {
  const [was, is] = (['removed', 'added'] as const).map((side) =>
    parts.some(({ change }) => change === side || change === 'same'),
  );
  return (
    <div className="before-after">
      <figure>
        <figcaption className="quiet small">Approved or seen before</figcaption>
        {was === true ? <TextParts parts={parts} side="removed" /> : <p className="quiet">nothing</p>}
      </figure>
      <figure>
        <figcaption className="quiet small">Says now</figcaption>
        {is === true ? <TextParts parts={parts} side="added" /> : <p className="quiet">nothing</p>}
      </figure>
    </div>
  );
}
