import { Link } from 'wouter';

/** The gate, the name, and whose it is. */
export function Wordmark({ organization }: { readonly organization?: string | null | undefined }) {
  return (
    <Link href="/" className="wordmark">
      <img src="/gate.svg" width={28} height={28} alt="" />
      <span>
        Sallyport
        {organization === undefined || organization === null || organization === '' ? null : (
          <small>{organization}</small>
        )}
      </span>
    </Link>
  );
}
