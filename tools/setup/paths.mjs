import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** What the set-up fetches and remembers; never committed. */
export const toolsHome = join(root, '.tools');

export const inRoot = (/** @type {string[]} */ ...parts) => join(root, ...parts);
