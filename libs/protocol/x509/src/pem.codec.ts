import { X509Error } from './x509.error.js';

/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** Such as `CERTIFICATE`, `CERTIFICATE REQUEST`, `PRIVATE KEY`. */
  readonly label: string;
  readonly der: Buffer;
}

const maxPemCharacters = 16 * 1024 * 1024;
const maxBlocks = 1024;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Writes one PEM block, lines of 64 characters, with a final line feed. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const body = Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;
}

/**
 * Reads every block of a PEM text; text around blocks is skipped.
 * @throws X509Error where a block is cut off, is no base64, or where there is none at all.
 */
export function decodePem(text: string, label?: string): readonly [PemBlock, ...PemBlock[]] {
  if (text.length > maxPemCharacters) throw new X509Error('ESP_X509_MALFORMED', 'the PEM text is too long');
  const blocks: PemBlock[] = [];
  let open: { label: string; lines: string[] } | undefined;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const [, mark, name = ''] = /^-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----\s*$/.exec(line) ?? [];
    if (mark === 'BEGIN') {
      if (open !== undefined) throw new X509Error('ESP_X509_MALFORMED', `PEM ${open.label} has no end`);
      open = { label: name, lines: [] };
    } else if (mark === 'END') {
      if (open?.label !== name) throw new X509Error('ESP_X509_MALFORMED', `PEM ${name} has no begin`);
      blocks.push({ label: name, der: decodeBody(name, open.lines.join('')) });
      open = undefined;
    } else {
      open?.lines.push(line.trim());
    }
    if (blocks.length > maxBlocks) throw new X509Error('ESP_X509_MALFORMED', 'too many PEM blocks');
  }
  if (open !== undefined) throw new X509Error('ESP_X509_MALFORMED', `PEM ${open.label} has no end`);
  const wanted = label === undefined ? blocks : blocks.filter((block) => block.label === label);
  const [first, ...more] = wanted;
  if (first === undefined)
    throw new X509Error('ESP_X509_MALFORMED', `no PEM ${label ?? 'block'} in the text`);
  return [first, ...more];
}

function decodeBody(label: string, body: string): Buffer {
  if (body.length % 4 !== 0 || !base64.test(body)) {
    throw new X509Error('ESP_X509_MALFORMED', `PEM ${label} is no base64`);
  }
  return Buffer.from(body, 'base64');
}
