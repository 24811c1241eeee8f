/** Why a mapping cannot be used: where in the file, and what must be there instead. */
export class RefusedMapping extends Error {
  override readonly name = 'RefusedMapping';
  readonly place: string;

  constructor(place: string, message: string) {
    super(message);
    this.place = place;
  }
}
