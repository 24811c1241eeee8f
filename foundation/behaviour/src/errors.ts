export type BehaviourStateErrorCode = 'state_unreadable';

/** A model's saved state is damaged, or another version's: learn anew. */
export class BehaviourStateError extends Error {
  readonly code: BehaviourStateErrorCode;

  constructor(code: BehaviourStateErrorCode, message: string) {
    super(message);
    this.name = 'BehaviourStateError';
    this.code = code;
  }
}
