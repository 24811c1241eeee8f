import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Ledger } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import { decodeComment } from './alert-change-event.ts';
import type { CommentText } from './alert-change-event.ts';

/** A comment on an alert. `position` is undefined until the ledger's feed brought it: its text is durable all the same. */
export type AlertComment = Omit<CommentText, 'alertId'> & { readonly position: Position | undefined };

type Tables = { alert_comments: { alert_id: string; log: number; entry_index: number } };

const shownComments = 100;
const rememberedComments = 1000;

/** Where comments stand; their text is in the ledger alone. */
export async function insertComments(
  transaction: Transaction,
  comments: readonly { readonly alertId: string; readonly position: Position }[],
): Promise<void> {
  for (let from = 0; from < comments.length; from += 1000) {
    await transaction
      .withTables<Tables>()
      .insertInto('alert_comments')
      .values(
        comments.slice(from, from + 1000).map(({ alertId, position }) => ({
          alert_id: alertId,
          log: position.log,
          entry_index: position.index,
        })),
      )
      .execute();
  }
}

/** Removes those at or after `head`. */
export async function dropCommentsFrom(transaction: Transaction, head: Position): Promise<void> {
  await transaction
    .withTables<Tables>()
    .deleteFrom('alert_comments')
    .where((where) =>
      where.or([
        where('log', '>', head.log),
        where.and([where('log', '=', head.log), where('entry_index', '>=', head.index)]),
      ]),
    )
    .execute();
}

/** The newest comments of an alert, oldest first. One whose key was destroyed is left out. */
export async function readComments(
  database: Database,
  ledger: Pick<Ledger, 'read'>,
  alertId: string,
): Promise<AlertComment[]> {
  const rows = await database
    .withTables<Tables>()
    .selectFrom('alert_comments')
    .selectAll()
    .where('alert_id', '=', alertId)
    .orderBy('log', 'desc')
    .orderBy('entry_index', 'desc')
    .limit(shownComments)
    .execute();
  const read = await Promise.all(
    rows.toReversed().map(async (row) => {
      const position = { log: row.log, index: row.entry_index };
      const { events } = await ledger.read(position, { maxEvents: 1, maxBytes: 1 });
      const [event] = events;
      if (event?.body === undefined || comparePositions(event.position, position) !== 0) return [];
      const comment = decodeComment(event.body);
      return comment === undefined ? [] : [shown(comment, position)];
    }),
  );
  return read.flat();
}

/** Comments made here and not yet seen in the ledger's feed, so that who wrote one sees it at once. In memory, bounded. */
export function createPendingComments() {
  let pending: CommentText[] = [];
  return {
    add(comment: CommentText): void {
      pending = [...pending, comment].slice(-rememberedComments);
    },
    seen(comment: CommentText): void {
      const index = pending.findIndex(
        ({ alertId, atMs, text }) => alertId === comment.alertId && atMs === comment.atMs && text === comment.text,
      );
      if (index >= 0) pending = pending.toSpliced(index, 1);
    },
    of: (alertId: string): AlertComment[] =>
      pending.filter((comment) => comment.alertId === alertId).map((comment) => shown(comment, undefined)),
  };
}

function shown({ atMs, actor, text }: CommentText, position: Position | undefined): AlertComment {
  return { position, atMs, actor, text };
}
