import { isSafeType, PDF_TYPE } from '../service-worker/safe-types.ts';

/** How a file is shown in the page. */
export type PreviewKind = 'video' | 'audio' | 'image' | 'pdf' | 'text';

export interface Preview {
  readonly kind: PreviewKind;
  /** Media type that it is given out as. */
  readonly type: string;
}

/** By ending, which is what people go by. What a stranger says of a file's type counts only where there is none of these. */
const TYPES: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  // The same container as MP4, under the only name that browsers take it by.
  mov: 'video/mp4',
  webm: 'video/webm',
  mkv: 'video/webm',
  ogv: 'video/ogg',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  aac: 'audio/aac',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  flac: 'audio/flac',
  weba: 'audio/webm',
  avif: 'image/avif',
  bmp: 'image/bmp',
  gif: 'image/gif',
  ico: 'image/x-icon',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  apng: 'image/apng',
  webp: 'image/webp',
  pdf: PDF_TYPE,
};

/** Shown as the letters that they are, markup and scripts included: nothing in them comes alive. */
const TEXT_ENDINGS = new Set(
  [
    'asc bat c cc cfg conf cpp cs css csv cue diff go gpx h hpp htm html ini java js json jsonl jsx kml kt log lua m3u md mjs nfo',
    'patch php pl properties ps1 py r rb rs rst sh sql srt svg swift tex toml ts tsv tsx txt vtt xhtml xml yaml yml',
  ].flatMap((line) => line.split(' ')),
);
const TEXT: Preview = { kind: 'text', type: 'text/plain' };

/** How a file can be shown; undefined where it can only be saved. */
export function previewOf({
  path,
  type = '',
}: {
  readonly path: readonly string[];
  readonly type?: string | undefined;
}): Preview | undefined {
  const ending =
    path
      .at(-1)
      ?.match(/\.([^.]+)$/)?.[1]
      ?.toLowerCase() ?? '';
  if (TEXT_ENDINGS.has(ending)) return TEXT;
  const known = Object.hasOwn(TYPES, ending) ? TYPES[ending] : type;
  if (known !== undefined && isSafeType(known)) return { kind: kindOf(known), type: known };
  return known === 'text/plain' ? TEXT : undefined;
}

function kindOf(type: string): PreviewKind {
  if (type === PDF_TYPE) return 'pdf';
  const [kind] = type.split('/');
  return kind === 'audio' || kind === 'image' ? kind : 'video';
}
