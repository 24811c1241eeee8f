/** The name of a file, whatever it is for, from which nobody can tell what that was. */
export async function hashedName(of: string): Promise<string> {
  // Loaded only here: most hooks need none.
  const { createHash } = await import('node:crypto');
  return createHash('sha256').update(of).digest('hex').slice(0, 32);
}
