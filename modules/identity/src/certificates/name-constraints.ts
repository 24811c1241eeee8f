import {
  emailsInSubject,
  nameForms,
  readDistinguishedName,
  type CertificateNames,
  type GeneralName,
} from './certificate-names.ts';
import { derReader, derWithin, tags } from './der.ts';

/** What an authority may say names of (RFC 5280 section 4.2.1.10). */
export type NameConstraints = { readonly permitted: readonly GeneralName[]; readonly excluded: readonly GeneralName[] };

/** Throws `DerFault`. Distances are not used (RFC 5280) and refused. */
export function readNameConstraints(der: Uint8Array): NameConstraints {
  const reader = derWithin(der);
  const subtrees = (content: Uint8Array | undefined): GeneralName[] => {
    const list = derReader(content ?? new Uint8Array());
    const found: GeneralName[] = [];
    while (!list.isAtEnd) {
      const subtree = derReader(list.take(tags.sequence));
      const { tag, content: base } = subtree.next();
      subtree.end();
      found.push({ tag, content: base });
    }
    return found;
  };
  const [permitted, excluded] = [subtrees(reader.maybe(0xa0)), subtrees(reader.maybe(0xa1))];
  reader.end();
  return { permitted, excluded };
}

/**
 * Whether these names are ones the authority may speak of. A form of name that cannot be compared here is none, once the authority
 * is limited in it. A user principal name is compared as an e-mail address too: an authority that is held to one domain must not
 * name people of another by another form. Throws `DerFault`.
 */
export function arePermitted(
  { subject, names }: { readonly subject: Uint8Array; readonly names: CertificateNames },
  { permitted, excluded }: NameConstraints,
): boolean {
  const said = [
    ...(subject.length === 0 ? [] : [{ tag: nameForms.directory, content: subject }]),
    ...emailsInSubject(subject).map(emailName),
    ...names.upns.map(emailName),
    ...names.all.map(withInnerName),
  ];
  const limitsOf = (limits: readonly GeneralName[], tag: number) =>
    limits.filter((limit) => limit.tag === tag).map(withInnerName);
  return said.every((name) => {
    const [within, without] = [limitsOf(permitted, name.tag), limitsOf(excluded, name.tag)];
    if (within.length + without.length === 0) return true;
    const matches = matchers[name.tag];
    if (matches === undefined) return false;
    return (
      (within.length === 0 || within.some((limit) => matches(name.content, limit.content))) &&
      !without.some((limit) => matches(name.content, limit.content))
    );
  });
}

function emailName(name: string): GeneralName {
  return { tag: nameForms.email, content: Buffer.from(name, 'utf8') };
}

/** A directory name stands in one more element. */
function withInnerName({ tag, content }: GeneralName): GeneralName {
  const isWrapped = tag === nameForms.directory && content[0] === tags.sequence;
  return isWrapped ? { tag, content: derReader(content).take(tags.sequence) } : { tag, content };
}

const text = (content: Uint8Array): string => Buffer.from(content).toString('utf8').toLowerCase();

const matchers: Readonly<Record<number, (name: Uint8Array, limit: Uint8Array) => boolean>> = {
  [nameForms.email](name, limit) {
    const [address, of] = [text(name), text(limit)];
    if (of.includes('@')) return address === of;
    return isHostWithin(address.slice(address.lastIndexOf('@') + 1), of);
  },
  [nameForms.dns](name, limit) {
    const [host, of] = [text(name), text(limit).replace(/^\./, '')];
    return of === '' || host === of || host.endsWith(`.${of}`);
  },
  [nameForms.uri](name, limit) {
    const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@]+)/.exec(text(name))?.[1];
    return host !== undefined && isHostWithin(host, text(limit));
  },
  [nameForms.address](name, limit) {
    if (limit.length !== name.length * 2) return false;
    return name.every((byte, at) => {
      const mask = limit[name.length + at] ?? 0;
      return (byte & mask) === ((limit[at] ?? 0) & mask);
    });
  },
  [nameForms.directory](name, limit) {
    const fold = (content: Uint8Array): string[] =>
      readDistinguishedName(content).map((part) =>
        part
          .map(({ type, value }) => `${type}=${value.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ')}`)
          .toSorted()
          .join('+'),
      );
    const [parts, base] = [fold(name), fold(limit)];
    return base.every((part, at) => parts[at] === part);
  },
};

/** `example.org` is that host alone; `.example.org` whatever is below it. */
function isHostWithin(host: string, limit: string): boolean {
  return limit === '' || (limit.startsWith('.') ? host.endsWith(limit) : host === limit);
}
