/** A refusal as the server words it. */
export class TransitRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'TransitRefusal';
    this.status = status;
  }
}

/** A refusal from inside the server's router, which it wraps. */
export function wrappedRefusal(status: number, message: string): TransitRefusal {
  return new TransitRefusal(status, `1 error occurred:\n\t* ${message}\n\n`);
}

/** What the real server may know and this one does not: said loudly, so that no test passes for its ignorance. */
export function unknownHere(what: string): TransitRefusal {
  return new TransitRefusal(501, `the transit server of the tests does not know ${what}`);
}
