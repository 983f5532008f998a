/**
 * Runs the command line of odata2ts. It uses TypeScript's former API, which TypeScript 7 does not have: it is given the
 * one that its own ts-morph brings along.
 */
import { createRequire } from 'node:module';

const own = createRequire(import.meta.url);
const tool = createRequire(own.resolve('@odata2ts/odata2ts'));
const path = tool.resolve('typescript');
const { ts } = tool('@ts-morph/common') as { readonly ts: object };
tool(path);
Object.assign(tool.cache[path] ?? {}, { exports: ts });
tool('@odata2ts/odata2ts/lib/run-cli.js');
