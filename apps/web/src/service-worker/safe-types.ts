/*
 * Media types that may be shown in the page: none of them runs scripts in a browser. Markup (HTML, SVG, XML) is not
 * among them; it is shown as the text that it is, or saved.
 */
export const PDF_TYPE = 'application/pdf';

const SAFE_TYPE =
  /^(?:(?:audio|video)\/[\w.-]+|image\/(?:apng|avif|bmp|gif|jpeg|png|webp|x-icon)|application\/pdf)$/;

export function isSafeType(type: string): boolean {
  return SAFE_TYPE.test(type);
}
