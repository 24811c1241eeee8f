const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

export function downloadText(name: string, text: string, type = 'text/plain'): void {
  saveBlob(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

export function saveBlob(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The download has begun by the next turn; the address would keep the content in memory.
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** The evidence inside a page that verifies it without any network. */
export async function downloadEvidencePage(name: string, evidence: string): Promise<void> {
  const response = await fetch('/evidence.html');
  if (!response.ok) throw new Error(`Cannot fetch the evidence page: the server answered ${response.status}`);
  const page = await response.text();
  const escaped = evidence.replaceAll(/[&<>]/g, (sign) => escapes[sign] ?? sign);
  downloadText(
    name,
    page.replace('<!--EVIDENCE-->', () => escaped),
    'text/html',
  );
}
