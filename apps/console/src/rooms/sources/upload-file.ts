import { readProblem } from '../../api/problem.ts';
import { fileType } from './file-type.ts';

export type Uploaded = { readonly accepted: number; readonly keptRaw: number };

/**
 * Sends a file through the door every sender uses, with a key of its own. Rejects with a
 * `Problem`. `fetch` cannot tell how far it is.
 */
export async function uploadFile(
  file: File,
  { key, onProgress }: { readonly key: string; readonly onProgress: (share: number) => void },
): Promise<Uploaded> {
  const { contentType, contentEncoding } = fileType(file.name);
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/v1/events');
    request.setRequestHeader('authorization', `Bearer ${key}`);
    // The browser sends this page's session along; the key goes before it, and the page has to say that it is one.
    request.setRequestHeader('x-sallyport', '1');
    request.setRequestHeader('content-type', contentType);
    if (contentEncoding !== undefined) request.setRequestHeader('content-encoding', contentEncoding);
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(total === 0 ? 0 : loaded / total));
    request.addEventListener('load', () => resolve({ status: request.status, text: request.responseText }));
    for (const name of ['error', 'abort', 'timeout'])
      request.addEventListener(name, () => reject(readProblem(undefined, undefined)));
    request.send(file);
  });
  if (status !== 200) throw readProblem(new Response(null, { status }), text);
  const reply: unknown = JSON.parse(text);
  return { accepted: numberIn(reply, 'accepted'), keptRaw: numberIn(reply, 'kept_raw') };
}

function numberIn(value: unknown, name: string): number {
  const found =
    typeof value === 'object' && value !== null ? new Map<string, unknown>(Object.entries(value)).get(name) : 0;
  return typeof found === 'number' ? found : 0;
}
