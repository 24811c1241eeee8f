/** Where a browser finds a picture that was kept, by its SHA-256. */
export function pictureAddress(sha256: string): string {
  return `/v1/pictures/${encodeURIComponent(sha256)}`;
}
