/** A document keeps the id it begins with, whatever it is called later. */
export function idOf(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return plain.slice(0, 40).replace(/-+$/, '') || 'policy';
}
