/** A small workspace that the import rules are tried on: sound files, and for each rule the files that break it. */

/**
 * @param {string} name
 * @param {Record<string, string>} [dependencies]
 * @param {Record<string, string>} [devDependencies]
 */
const manifest = (name, dependencies = {}, devDependencies = {}) =>
  JSON.stringify({
    name: `@espalier/${name}`,
    type: 'module',
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    dependencies,
    devDependencies,
  });
const npmPackages = ['zod', 'pino', 'typeorm', 'fastify', 'fast-check'];
const using = (/** @type {string} */ names) =>
  Object.fromEntries(
    names.split(' ').map((name) => [npmPackages.includes(name) ? name : `@espalier/${name}`, '*']),
  );

const all = using(
  'contracts asn1 link apns dmz-link service-kit secrets persistence query messaging nest-kit sim-apple testing mdm ' +
    'zod pino typeorm fastify',
);

/** Files in which no rule may find anything. @type {Record<string, string>} */
export const sound = {
  'package.json': JSON.stringify({
    name: 'fixture',
    workspaces: ['apps/*', 'libs/contracts', 'libs/testing', 'libs/*/*'],
    devDependencies: { 'fast-check': '*' },
  }),
  ...Object.fromEntries(
    npmPackages.flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
      [`node_modules/${name}/index.js`, 'module.exports = {};'],
    ]),
  ),
  'libs/contracts/package.json': manifest('contracts', all),
  'libs/contracts/src/index.ts': "import { z } from 'zod';\nexport const schema = z;",
  'libs/testing/package.json': manifest('testing', all),
  'libs/testing/src/index.ts':
    "import { connect } from '@espalier/messaging';\nexport const started = connect;",
  ...Object.fromEntries(
    ['protocol/asn1', 'protocol/link', 'gateway/apns', 'gateway/dmz-link', 'sim/apple']
      .concat(
        ['service-kit', 'secrets', 'persistence', 'query', 'messaging', 'nest-kit'].map(
          (name) => `platform/${name}`,
        ),
      )
      .map((path) => [
        `libs/${path}/package.json`,
        manifest(path === 'sim/apple' ? 'sim-apple' : (path.split('/')[1] ?? ''), all),
      ]),
  ),
  'libs/protocol/asn1/src/index.ts':
    "import { createHash } from 'node:crypto';\nexport * from './reader.js';\nexport const hash = createHash;",
  'libs/protocol/asn1/src/reader.ts':
    "import type { Shape } from './shape.js';\nexport class Reader { shape?: Shape; }\nexport const inner = 1;",
  'libs/protocol/asn1/src/shape.ts': "import { Reader } from './reader.js';\nexport type Shape = Reader;",
  'libs/protocol/asn1/src/reader.spec.ts':
    "import { spawnSync } from 'node:child_process';\nimport fc from 'fast-check';\nimport { started } from '@espalier/testing';\nexport const used = [spawnSync, fc, started];",
  'libs/protocol/link/src/index.ts':
    "import { connect } from 'node:http2';\nimport type { TLSSocket } from 'node:tls';\nimport { Reader } from '@espalier/asn1';\nexport const dial = (socket: TLSSocket) => [connect, socket, Reader];",
  'libs/gateway/apns/src/index.ts':
    "import type { Logger } from 'pino';\nimport { connect } from 'node:http2';\nimport { schema } from '@espalier/contracts';\nexport const push = (logger: Logger) => [logger, connect, schema];",
  'libs/gateway/dmz-link/src/index.ts': "export { dial } from '@espalier/link';",
  'libs/platform/service-kit/src/index.ts': "import { pino } from 'pino';\nexport const log = pino;",
  'libs/platform/secrets/src/index.ts': "export { log } from '@espalier/service-kit';",
  'libs/platform/persistence/src/index.ts':
    "import { DataSource } from 'typeorm';\nimport { schema } from '@espalier/contracts';\nexport const source = [DataSource, schema];",
  'libs/platform/messaging/src/index.ts':
    "import { log } from '@espalier/service-kit';\nexport const connect = log;",
  'libs/platform/nest-kit/src/index.ts': "export { connect } from '@espalier/messaging';",
  'libs/sim/apple/src/index.ts': "export { Reader } from '@espalier/asn1';",
  'apps/apple-sim/package.json': manifest('apple-sim', all),
  'apps/apple-sim/src/main.ts': "import { Reader } from '@espalier/sim-apple';\nexport const sim = Reader;",
  'apps/mdm/package.json': manifest('mdm', all),
  'apps/mdm/src/index.ts':
    "import { source } from '@espalier/persistence';\nimport { push } from '@espalier/apns';\nexport const mdm = [source, push];",
  'apps/mdm/src/mdm.spec.ts': "import { device } from './mdm.fixture.js';\nexport const simulated = device;",
  'apps/mdm/src/mdm.fixture.ts':
    "import { Reader } from '@espalier/sim-apple';\nexport const device = Reader;",
  'apps/dmz-proxy/package.json': manifest('dmz-proxy', using('contracts link service-kit'), using('testing')),
  'apps/dmz-proxy/src/main.ts':
    "import { dial } from '@espalier/link';\nimport { log } from '@espalier/service-kit';\nexport const proxy = [dial, log];",
  'apps/dmz-proxy/src/main.spec.ts':
    "import { started } from '@espalier/testing';\nexport const used = started;",
};

/** @typedef {{ rule: string, files: Record<string, string> }} Case the first file is the one that breaks the rule */

/**
 * @param {string} rule
 * @param {string} path
 * @param {string} text
 * @param {Record<string, string>} [others]
 * @returns {Case}
 */
const breaks = (rule, path, text, others = {}) => ({ rule, files: { [path]: text, ...others } });

/** @type {Case[]} */
export const cases = [
  breaks('app-imports-app', 'apps/apple-sim/src/by-package.ts', "import '@espalier/mdm';"),
  breaks('app-imports-app', 'apps/apple-sim/src/by-path.ts', "import '../../mdm/src/index.js';"),
  breaks(
    'app-imports-app',
    'apps/apple-sim/src/by-type.ts',
    "import type { mdm } from '@espalier/mdm';\nexport type A = typeof mdm;",
  ),
  breaks(
    'app-imports-app',
    'apps/apple-sim/src/late.ts',
    "export const late = () => import('@espalier/mdm');",
  ),
  breaks('lib-imports-app', 'libs/testing/src/app.ts', "import '@espalier/mdm';"),
  breaks('deep-import', 'apps/mdm/src/deep.ts', "import '../../../libs/protocol/asn1/src/reader.js';"),
  breaks('unresolvable', 'apps/mdm/src/deep-by-package.ts', "import '@espalier/asn1/dist/reader.js';"),
  breaks(
    'relative-import-of-project',
    'apps/mdm/src/relative.ts',
    "import '../../../libs/protocol/asn1/src/index.js';",
  ),
  breaks('protocol-is-pure', 'libs/protocol/asn1/src/npm.ts', "import 'zod';"),
  breaks(
    'protocol-is-pure',
    'libs/protocol/asn1/src/contracts.ts',
    "import type { schema } from '@espalier/contracts';\nexport type S = typeof schema;",
  ),
  breaks('protocol-opens-nothing', 'libs/protocol/asn1/src/file.ts', "import 'node:fs/promises';"),
  breaks(
    'protocol-opens-nothing',
    'libs/protocol/asn1/src/http2.ts',
    "import type { Http2Stream } from 'node:http2';\nexport type H = Http2Stream;",
  ),
  breaks(
    'link-is-given-its-sockets',
    'libs/protocol/link/src/dial.ts',
    "import { connect } from 'node:tls';\nexport const c = connect;",
  ),
  breaks(
    'contracts-are-schemas',
    'libs/contracts/src/pino.ts',
    "import type { Logger } from 'pino';\nexport type L = Logger;",
  ),
  breaks('contracts-are-schemas', 'libs/contracts/src/core.ts', "import 'node:crypto';"),
  breaks('gateway-knows-one-system', 'libs/gateway/apns/src/other.ts', "import '@espalier/dmz-link';"),
  breaks('gateway-knows-one-system', 'libs/gateway/apns/src/kit.ts', "import '@espalier/service-kit';"),
  breaks('gateway-without-framework', 'libs/gateway/apns/src/server.ts', "import 'fastify';"),
  breaks(
    'gateway-is-given-its-logger',
    'libs/gateway/apns/src/logger.ts',
    "import { pino } from 'pino';\nexport const l = pino;",
  ),
  breaks('platform-imports-downwards', 'libs/platform/messaging/src/protocol.ts', "import '@espalier/asn1';"),
  breaks('query-renders-conditions', 'libs/platform/query/src/asn1.ts', "import '@espalier/asn1';"),
  breaks('query-imports-upwards', 'libs/platform/query/src/up.ts', "import '@espalier/messaging';"),
  breaks('service-kit-imports-upwards', 'libs/platform/service-kit/src/up.ts', "import '@espalier/secrets';"),
  breaks('secrets-imports-upwards', 'libs/platform/secrets/src/up.ts', "import '@espalier/persistence';"),
  breaks(
    'persistence-imports-upwards',
    'libs/platform/persistence/src/up.ts',
    "import '@espalier/messaging';",
  ),
  breaks('messaging-imports-upwards', 'libs/platform/messaging/src/up.ts', "import '@espalier/nest-kit';"),
  breaks('sim-knows-only-protocols', 'libs/sim/apple/src/gateway.ts', "import '@espalier/apns';"),
  breaks('sim-in-production', 'apps/mdm/src/sim.ts', "import '@espalier/sim-apple';"),
  breaks('testing-in-production', 'apps/mdm/src/harness.ts', "import '@espalier/testing';"),
  breaks('spec-is-imported', 'apps/mdm/src/spec-user.ts', "import './mdm.spec.js';"),
  breaks('fixture-in-production', 'apps/mdm/src/fixture-user.ts', "import './mdm.fixture.js';"),
  breaks('dmz-reaches-inside', 'apps/dmz-proxy/src/two-steps.ts', "import './one-step.js';", {
    'apps/dmz-proxy/src/one-step.ts': "import '@espalier/nest-kit';",
  }),
  breaks('dmz-reaches-inside', 'apps/dmz-proxy/src/database.ts', "import 'typeorm';"),
  breaks(
    'circular',
    'apps/mdm/src/circle-a.ts',
    "import { b } from './circle-b.js';\nexport const a = () => b;",
    {
      'apps/mdm/src/circle-b.ts': "import { a } from './circle-a.js';\nexport const b = () => a;",
    },
  ),
  breaks('undeclared-package', 'apps/dmz-proxy/src/undeclared.ts', "import 'zod';"),
  breaks('undeclared-project', 'apps/dmz-proxy/src/undeclared-project.ts', "import '@espalier/asn1';"),
  breaks('development-package-in-production', 'apps/mdm/src/property.ts', "import 'fast-check';"),
];
