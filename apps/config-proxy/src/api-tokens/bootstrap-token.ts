import { readFileSync } from 'node:fs';
import { apiTokenTextSchema } from '@espalier/contracts';

/** The token in the file; undefined where there is no such file. @throws where it holds something else */
export function readBootstrapToken(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (!apiTokenTextSchema.safeParse(text).success)
    throw new Error(`${file} must hold an API token: esp_ and 43 characters of base64url (32 random bytes)`);
  return text;
}
