import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type InventoryErrorCode =
  /** What was made is no CycloneDX document; it is not handed out. */
  'cbom_invalid' | 'inventory_policy_invalid' | 'inventory_cursor_invalid';

export class InventoryError extends CodedError<InventoryErrorCode> {}

export const inventoryProblems: ProblemTable = {
  cbom_invalid: { status: 500, title: 'The bill of materials does not fit its schema' },
  inventory_policy_invalid: { status: 400, title: 'This is no policy for the inventory' },
  inventory_cursor_invalid: { status: 400, title: 'This is no place in the inventory' },
} satisfies Record<InventoryErrorCode, { status: number; title: string }>;
