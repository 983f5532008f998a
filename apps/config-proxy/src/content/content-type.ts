import { extname } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.dmg': 'application/x-apple-diskimage',
  '.ipa': 'application/octet-stream',
  '.json': 'application/json',
  '.mobileconfig': 'application/x-apple-aspen-config',
  '.pem': 'application/x-pem-file',
  '.pkg': 'application/octet-stream',
  '.plist': 'application/xml',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml',
  '.zip': 'application/zip',
};

/** The media type of a package by its name; bytes where nothing is known. Never one that a browser would run. */
export const contentTypeOf = (name: string): string =>
  types[extname(name).toLowerCase()] ?? 'application/octet-stream';
