/**
 * Who may import whom (docs: README, "Layout"). `tools/checks/import-rules.mjs` runs these rules over the sources, and
 * over deliberate violations of each, so that no rule can silently stop working.
 */
/** Specs and what they share; neither is part of the product. */
const SPEC = '\\.(?:spec|fixture)\\.ts$|/src/spec/';
/** A project's own folder, captured as $1. */
const PROJECT = '^((?:apps/[^/]+)|(?:libs/(?:contracts|testing))|(?:libs/[^/]+/[^/]+))/src/';
const npm = (/** @type {string} */ names) => `(?:^|/)node_modules/(?:${names})`;

/** Lowest first: each may import those before it. */
const PLATFORM_LAYERS = ['service-kit', 'secrets', 'persistence', 'query', 'messaging', 'nest-kit'];

/** Modules through which a program reaches the outside of its process. (net, for its isIP: see .oxlintrc.json.) */
const OUTSIDE =
  '^(?:node:)?(?:fs|tls|http|https|http2|dgram|dns|child_process|cluster|worker_threads|inspector|repl)(?:/|$)';

/**
 * @param {string} name
 * @param {string} comment
 * @param {object} from
 * @param {object} to
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const forbidden = [
  forbid(
    'app-imports-app',
    'Services talk over contracts and NATS, or HTTP; not even types are shared.',
    { path: '^apps/([^/]+)/' },
    { path: '^apps/', pathNot: '^apps/$1/' },
  ),
  forbid(
    'lib-imports-app',
    'Libraries know nothing of the services that use them.',
    { path: '^libs/' },
    { path: '^apps/' },
  ),
  forbid(
    'deep-import',
    "Another project's only door is its src/index.ts, by its package name.",
    { path: PROJECT },
    { path: '^(?:apps|libs)/', pathNot: ['^$1/', '^libs/.+/src/index\\.ts$'] },
  ),
  forbid(
    'relative-import-of-project',
    "Another project is imported by its package name: a relative path escapes package.json's dependencies.",
    { path: PROJECT },
    { path: '^(?:apps|libs)/', pathNot: '^$1/', dependencyTypesNot: ['aliased'] },
  ),
  forbid(
    'protocol-is-pure',
    'Protocol libraries are bytes and types: other protocol libraries and Node only.',
    { path: '^libs/protocol/', pathNot: SPEC },
    { pathNot: '^libs/protocol/', dependencyTypesNot: ['core', 'unknown'] },
  ),
  forbid(
    'protocol-opens-nothing',
    'Protocol libraries open no files, sockets or processes; link is given its sockets.',
    { path: '^libs/protocol/', pathNot: [SPEC, '^libs/protocol/link/'] },
    { path: OUTSIDE, dependencyTypes: ['core'] },
  ),
  forbid(
    'link-is-given-its-sockets',
    'link speaks HTTP/2 over sockets that its caller opened.',
    { path: '^libs/protocol/link/', pathNot: SPEC },
    {
      path: OUTSIDE,
      pathNot: '^(?:node:)?http2$',
      dependencyTypes: ['core'],
      dependencyTypesNot: ['type-only'],
    },
  ),
  forbid(
    'contracts-are-schemas',
    'contracts imports zod and nothing else.',
    { path: '^libs/contracts/', pathNot: SPEC },
    { pathNot: ['^libs/contracts/', npm('zod/')] },
  ),
  forbid(
    'gateway-knows-one-system',
    'A gateway talks to one outside system, in the words of protocol and contracts.',
    { path: '^libs/gateway/([^/]+)/', pathNot: SPEC },
    { path: '^libs/', pathNot: ['^libs/gateway/$1/', '^libs/(?:protocol|contracts)/'] },
  ),
  forbid(
    'gateway-without-framework',
    'A gateway is wired by its application; it logs through what it is given.',
    { path: '^libs/gateway/', pathNot: SPEC },
    { path: npm('@nestjs/|@nats-io/|typeorm/|pg/|mssql/|fastify/') },
  ),
  forbid(
    'gateway-is-given-its-logger',
    'Only the type of a logger.',
    { path: '^libs/gateway/', pathNot: SPEC },
    { path: npm('pino/'), dependencyTypesNot: ['type-only'] },
  ),
  forbid(
    'platform-imports-downwards',
    'Platform libraries import contracts and platform libraries below them.',
    { path: '^libs/platform/', pathNot: [SPEC, '^libs/platform/query/'] },
    { path: '^libs/', pathNot: '^libs/(?:platform|contracts)/' },
  ),
  forbid(
    'query-renders-conditions',
    'query turns typed conditions into SQL: it knows those protocol libraries and no others.',
    { path: '^libs/platform/query/', pathNot: SPEC },
    {
      path: '^libs/',
      pathNot: '^libs/(?:platform|contracts|protocol/(?:conditions|wql|filter-expression))/',
    },
  ),
  ...PLATFORM_LAYERS.slice(0, -1).map((name, index) =>
    forbid(
      `${name}-imports-upwards`,
      `From the lowest: ${PLATFORM_LAYERS.join(', ')}.`,
      { path: `^libs/platform/${name}/`, pathNot: SPEC },
      { path: `^libs/platform/(?:${PLATFORM_LAYERS.slice(index + 1).join('|')})/` },
    ),
  ),
  forbid(
    'sim-knows-only-protocols',
    'Stand-ins speak the protocols; none of our services is inside them.',
    { path: '^libs/sim/', pathNot: SPEC },
    { path: '^libs/', pathNot: '^libs/(?:sim|protocol|contracts)/' },
  ),
  forbid(
    'sim-in-production',
    'Stand-ins never ship in a production image.',
    { path: '^(?:apps|libs)/', pathNot: [SPEC, '^libs/(?:sim|testing)/', '^apps/(?:[^/]+-sim|dev-suite)/'] },
    { path: '^libs/sim/' },
  ),
  forbid(
    'testing-in-production',
    'Harnesses are for specs.',
    { path: '^(?:apps|libs)/', pathNot: [SPEC, '^libs/testing/'] },
    { path: '^libs/testing/' },
  ),
  forbid('spec-is-imported', 'What specs share is in a fixture.', {}, { path: '\\.spec\\.ts$' }),
  forbid(
    'fixture-in-production',
    'Fixtures are for specs.',
    { pathNot: [SPEC, '^libs/testing/'] },
    { path: SPEC },
  ),
  forbid(
    'dmz-reaches-inside',
    'The DMZ image holds no client for NATS or a database, however indirectly.',
    { path: '^apps/dmz-proxy/', pathNot: SPEC },
    {
      path: ['^libs/platform/(?:messaging|persistence)/', npm('@nats-io/|typeorm/|pg/|mssql/')],
      reachable: true,
    },
  ),
  forbid(
    'circular',
    'Modules that need each other cannot be understood, or loaded, one at a time. Types may.',
    {},
    { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  ),
  forbid(
    'unresolvable',
    'The file, or the door of the package, does not exist.',
    {},
    { couldNotResolve: true },
  ),
  forbid(
    'undeclared-package',
    "Each project's package.json names what it imports.",
    {},
    { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  ),
  forbid(
    'development-package-in-production',
    'What ships is in dependencies.',
    { path: '^(?:apps|libs)/', pathNot: [SPEC, '^libs/testing/'] },
    {
      dependencyTypes: ['npm-dev'],
      dependencyTypesNot: ['type-only', 'npm', 'npm-optional', 'npm-peer'],
    },
  ),
];

/** @type {import('dependency-cruiser').ICruiseOptions} */
const options = {
  parser: 'swc',
  doNotFollow: { path: ['node_modules/', '/dist/'] },
  combinedDependencies: true,
  tsPreCompilationDeps: true,
  moduleSystems: ['es6', 'cjs'],
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['import', 'node', 'default', 'types'],
    mainFields: ['module', 'main', 'types'],
  },
};

export default { forbidden, options };
