/*
 * The arrows of the code base. A package imports only from lower levels; the screen is the only one that knows React;
 * the signaling server knows the protocol and `ws`; the browser stories know URLs and what is visible.
 */
const LEVELS = [
  ['base', 'protocol'],
  ['content', 'net'],
  ['store', 'webrtc', 'dht'],
  ['swarm', 'custody'],
  ['node'],
];
/** Made for tests, so it may be imported by tests, simulators and contract suites only. It stands on level 1. */
const TESTKIT = 'testkit';
const SCREEN = '^apps/web/';
const TESTS = '(^packages/[^/]+|^signaling|^apps/[^/]+)/(test/|sim/|src/contract)';

const oneOf = (names) => `(${names.join('|')})`;

const levels = LEVELS.flatMap((packages, level) =>
  packages.map((name) => ({
    name: `level-${level}-${name}`,
    comment: `"${name}" is on level ${level}: it imports only from lower levels.`,
    severity: 'error',
    from: { path: `^packages/${name}/` },
    to: {
      path: [`^packages/${oneOf(LEVELS.slice(level).flat())}/`, '^(apps|signaling|e2e)/'],
      pathNot: `^packages/${name}/`,
    },
  })),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...levels,
    {
      name: 'testkit-stands-low',
      comment: 'Every test may use the testkit, so it may use only what is on level 0.',
      severity: 'error',
      from: { path: `^packages/${TESTKIT}/` },
      to: {
        path: '^(packages|apps|signaling|e2e)/',
        pathNot: `^packages/${oneOf([TESTKIT, ...LEVELS[0]])}/`,
      },
    },
    {
      name: 'testkit-in-tests-only',
      severity: 'error',
      from: { pathNot: [TESTS, `^packages/${TESTKIT}/`] },
      to: { path: `^packages/${TESTKIT}/` },
    },
    {
      name: 'simulators-stay-outside',
      comment: 'What ships knows no simulator.',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: '^packages/[^/]+/sim/' },
    },
    {
      name: 'known-packages-only',
      comment: 'A new package needs a level: say above where it stands.',
      severity: 'error',
      from: { path: `^packages/(?!${oneOf([TESTKIT, ...LEVELS.flat()])}/)` },
      to: {},
    },
    {
      name: 'screen-through-node',
      comment: 'The screen composes nothing itself: it talks to the node, and uses base for state and ids.',
      severity: 'error',
      from: { path: SCREEN },
      to: { path: '^(packages|signaling|e2e)/', pathNot: '^packages/(node|base|protocol|testkit)/' },
    },
    {
      name: 'react-on-the-screen-only',
      severity: 'error',
      from: { pathNot: SCREEN },
      to: { path: 'node_modules/(react|react-dom|preact|vue|svelte|solid-js|@vitejs/plugin-react)/' },
    },
    {
      name: 'signaling-knows-the-protocol-and-ws',
      severity: 'error',
      from: { path: '^signaling/src/' },
      to: {
        pathNot: ['^signaling/src/', '^packages/protocol/', 'node_modules/ws/'],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'signaling-alone',
      comment: 'Nobody imports the server.',
      severity: 'error',
      from: { pathNot: '^signaling/' },
      to: { path: '^signaling/' },
    },
    {
      name: 'stories-know-the-surface-only',
      severity: 'error',
      from: { path: '^e2e/' },
      to: { path: '^(packages|apps|signaling)/' },
    },
    {
      name: 'through-the-front-door',
      comment: 'Another package is imported by its name and its exports, never by a path into it.',
      severity: 'error',
      from: { path: '^((?:packages|apps)/[^/]+|signaling|e2e)/' },
      to: {
        path: '^(packages|apps|signaling|e2e)/',
        pathNot: '^$1/',
        dependencyTypes: ['local', 'localmodule'],
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'Not exported by that package, or not there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: "In the importer's own package.json, or in that of the root.",
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'development-only',
      comment: 'What ships imports no devDependencies.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|apps/[^/]+|signaling)/src/', pathNot: TESTS },
      to: {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
        pathNot: 'node_modules/@types/',
      },
    },
  ],
  options: {
    // The test runner stands in the root package.json, for all.
    combinedDependencies: true,
    // Imports of types are arrows too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^(packages|apps)/[^/]+/dist/', '^(signaling|e2e)/dist/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mts', '.mjs', '.js', '.cjs', '.d.ts', '.json', '.css'],
    },
  },
};
