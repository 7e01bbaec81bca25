import { encodeName } from './encode-name.ts';
import { isSafeType, PDF_TYPE } from './safe-types.ts';
import type { ResourceFacts } from './messages.ts';
import { parseRange, type ByteRange } from './range.ts';

/** How a request for a resource is answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes to send; absent where there are none. */
  readonly range?: ByteRange | undefined;
}

const OPAQUE_TYPE = 'application/octet-stream';

/** What was downloaded is a stranger's: wherever it ends up, it may do nothing, and belongs to no site. */
const SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'self'";
/** The browser's own viewer does not open in a sandbox. It shows the file apart from any site, and nothing else does. */
const PDF_SANDBOX =
  "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'";

const COMMON = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  // A private share's files are not to lie about in the browser's caches.
  'Cache-Control': 'no-store',
};

export function answerFor(
  facts: ResourceFacts,
  { method, range: header }: { readonly method: string; readonly range: string | null },
): Answer {
  const { length, seekable } = facts;
  const described = { ...COMMON, ...describe(facts), 'Accept-Ranges': seekable ? 'bytes' : 'none' };
  const asked = seekable && method === 'GET' ? parseRange(header, length) : undefined;
  if (asked === 'unsatisfiable') {
    const headers = { ...described, 'Content-Range': `bytes */${length}`, 'Content-Length': '0' };
    return { status: 416, headers };
  }
  const range = asked ?? { start: 0, end: length };
  const headers = { ...described, 'Content-Length': String(range.end - range.start) };
  const body = method === 'HEAD' || range.start === range.end ? undefined : range;
  if (!asked) return { status: 200, headers, range: body };
  const contentRange = `bytes ${range.start}-${range.end - 1}/${length}`;
  return { status: 206, headers: { ...headers, 'Content-Range': contentRange }, range: body };
}

/** An answer that says why there is no file. */
export function refusal(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      ...COMMON,
      ...headers,
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Security-Policy': SANDBOX,
    },
  });
}

function describe({ name, type, use }: ResourceFacts): Record<string, string> {
  const shown = use === 'preview' && isSafeType(type);
  return {
    'Content-Type': shown ? type : OPAQUE_TYPE,
    'Content-Disposition': `${shown ? 'inline' : 'attachment'}; ${fileName(name)}`,
    'Content-Security-Policy': shown && type === PDF_TYPE ? PDF_SANDBOX : SANDBOX,
  };
}

/** As RFC 6266 has it: for all browsers the name in UTF-8 (RFC 8187), and something readable for the others. */
function fileName(name: string): string {
  const plain = name.replaceAll(/[^\x20-\x7E]|["%\\]/g, '_');
  const encoded = encodeName(name).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `filename="${plain}"; filename*=UTF-8''${encoded}`;
}
