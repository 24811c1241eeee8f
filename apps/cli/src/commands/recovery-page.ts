/** A page to print and keep with the code written on it by hand: a saved page that holds the code would undo it. */
export function recoveryPage(kit: {
  readonly file: string;
  readonly vault: string;
  readonly verifierKeys: readonly string[];
  readonly archive: string | undefined;
  readonly needs: readonly string[];
  readonly opens: boolean;
  readonly madeAtMs: number;
}): string {
  const boxes = Array.from({ length: 9 }, () => '<span></span>').join('–');
  const archive = kit.archive === undefined ? 'None was set up when this was printed.' : escaped(kit.archive);
  const needs = kit.needs.map((need) => `<li>${escaped(need)}</li>`).join('');
  const keys = kit.verifierKeys.map((key) => `<li><code>${escaped(key)}</code></li>`).join('');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Recovery of Sallyport</title>
<style>
body { font: 12pt/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; color: #000; background: #fff }
code { font-size: 9pt; overflow-wrap: anywhere }
.code span { display: inline-block; width: 3.4rem; height: 2rem; border: 1px solid #000; vertical-align: middle }
li { margin: .3rem 0 }
</style>
<h1>Recovery of Sallyport</h1>
<p>Made ${new Date(kit.madeAtMs).toISOString()}, of vault <code>${escaped(kit.vault)}</code>. The file: <code>${escaped(kit.file)}</code>.</p>
<h2>The code</h2>
<p class="code">${boxes}</p>
<p>Write it here by hand; it was shown once. Keep this page apart from the file: who has both has every key.</p>
<h2>What it takes</h2>
<ol>
<li>The file named above, and the code.</li>
<li>The archive: ${archive}</li>
${needs}
<li>An empty machine with this program.</li>
</ol>
${kit.opens ? '' : '<p><strong>On another machine nothing opens: the master key never leaves the one it was made on.</strong></p>'}
<h2>What to do</h2>
<ol>
<li>Bring the archive to a directory <code>copy</code>; out of a bucket: <code>sallyport archive fetch --from s3://BUCKET/PREFIX --to copy</code>, with the bucket's region and an access key that may read it.</li>
<li><code>sallyport vault recover --kit FILE --archive copy --to DATA</code>, and type the code.</li>
<li>Start the server with <code>--data DATA --after-restore</code>; with master keys kept elsewhere also <code>--key-provider DATA/key-provider.json</code>.</li>
<li>Set up people and settings anew, compare holds and policies, then <code>sallyport vault accept-restore --reason …</code></li>
</ol>
<h2>Keys of the log</h2>
<ul>${keys}</ul>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
